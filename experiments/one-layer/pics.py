import tarfile, cv2, numpy as np, io
def load():
    pics={}
    for shard in ('shard-00','shard-01'):
        with tarfile.open(f'$ABLC_DATA/train/{shard}.tar') as t:
            for m in t.getmembers():
                if m.name.endswith('.jpg'):
                    pics[m.name]=t.extractfile(m).read()
    names=sorted(pics); rng=np.random.default_rng(17); rng.shuffle(names)
    def dec(n): return cv2.cvtColor(cv2.imdecode(np.frombuffer(pics[n],np.uint8),1),cv2.COLOR_BGR2RGB)
    tune={}; train=[]
    for n in names:
        im=dec(n); h,w=im.shape[:2]
        if w>=1000 and h>=640 and len(tune)<8:
            # 768x512 crop after slight downscale hides the JPEG grid
            s=max(768/w,512/h,0.8); im=cv2.resize(im,(max(768,int(w*s)),max(512,int(h*s))),interpolation=cv2.INTER_AREA)
            y=(im.shape[0]-512)//2;x=(im.shape[1]-768)//2
            tune[n]=np.ascontiguousarray(im[y:y+512,x:x+768])
        elif len(train)<60:
            if max(h,w)>768:
                y=(h-min(h,512))//2; x=(w-min(w,768))//2; im=im[y:y+512,x:x+768]
            train.append((n,np.ascontiguousarray(im)))
        if len(tune)==8 and len(train)==60: break
    return tune,train
def kodak():
    return {f'kodim{i:02d}':cv2.cvtColor(cv2.imread(f'$ABLC_DATA/kodak/kodim{i:02d}.png'),cv2.COLOR_BGR2RGB) for i in (1,3,5,8,13,19,23)}
if __name__=='__main__':
    t,tr=load(); print([(n,v.shape) for n,v in t.items()]); print(len(tr), sum(v.size//3 for _,v in tr)/1e6)
    import pickle; pickle.dump((t,tr),open('./pics.pkl','wb'))
