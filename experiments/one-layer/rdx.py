"""rdx.py CORE OUT [tune|kodak] [effort] [steps,...]: curves of one core."""
import sys, os, json, pickle, time, importlib.util
sys.path.insert(0,'')
import numpy as np
os.environ.setdefault('OMP_NUM_THREADS','1')
import cv2; cv2.setNumThreads(1)
def core(p):
    spec=importlib.util.spec_from_file_location('_core',p); m=importlib.util.module_from_spec(spec); spec.loader.exec_module(m); return m
K=None
def ssim(a,b):
    # as ablc.metrics.ssim: luma, Gaussian 11 / 1.5, valid region
    L=np.array([.299,.587,.114]); a=a@L; b=b@L
    f=lambda x: cv2.GaussianBlur(x,(11,11),1.5)[5:-5,5:-5]
    ma,mb=f(a),f(b); va=f(a*a)-ma*ma; vb=f(b*b)-mb*mb; c=f(a*b)-ma*mb
    c1,c2=6.5025,58.5225
    return float(np.mean((2*ma*mb+c1)*(2*c+c2)/((ma*ma+mb*mb+c1)*(va+vb+c2))))
STEPS=[3000,2050,1400,950,650,445,300,200,135,95]
if __name__=='__main__':
    m=core(sys.argv[1]); out=sys.argv[2]; which=sys.argv[3] if len(sys.argv)>3 else 'tune'; effort=int(sys.argv[4]) if len(sys.argv)>4 else 5
    steps=[int(v) for v in sys.argv[5].split(',')] if len(sys.argv)>5 else STEPS
    if which=='kodak':
        import pics; P=pics.kodak()
    else:
        P=pickle.load(open('./pics.pkl','rb'))[0]
        if which.startswith('tune') and which!='tune': P=dict(list(P.items())[:int(which[4:])])
    res={}; te=td=0; bad=0
    hf='./hash.%d'%os.getpid()
    os.environ['ABLC_HASH']=hf
    for n,im in P.items():
        c=[]
        for s in steps:
            if os.path.exists(hf): os.unlink(hf)
            t=time.process_time(); f=m.encode(im,step=s,effort=effort); te+=time.process_time()-t
            t=time.process_time(); d=m.decode(f,max_pixels=1<<26); td+=time.process_time()-t
            if isinstance(d,tuple): d=d[0]
            if os.path.exists(hf):
                h=open(hf).read().split(); bad+= not (len(h)==2 and h[0]==h[1]); 
            if not os.path.exists(hf) and "nb" in sys.argv[1]: bad+=1
            d=np.asarray(d)
            mse=np.mean((d.astype(float)-im)**2)
            c.append({'step':s,'bpp':8*len(f)/(im.size//3),'psnr':10*np.log10(65025/mse),'ssim':ssim(im.astype(float),d.astype(float))})
            if c[-1]['bpp']>1.6: break
        res[n]=c
    if os.path.exists(hf): os.unlink(hf)
    json.dump(res,open(out,'w'))
    print(out,'enc %.1f dec %.1f mismatches %d'%(te,td,bad), 'mean bpp', ' '.join('%.3f'%np.mean([c[i]['bpp'] for c in res.values() if i<len(c)]) for i in range(len(steps))))
