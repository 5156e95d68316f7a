"""final.py CORE OUT effort [set]: 7 Kodak pictures, 11 steps, whole files, metrics of ablc.metrics."""
import sys, os, json, time, types, importlib.util
m=types.ModuleType('ablc'); m.__path__=['']; sys.modules['ablc']=m
os.environ.setdefault('OMP_NUM_THREADS','1'); os.environ.setdefault('OPENBLAS_NUM_THREADS','1')
import numpy as np, io
from ablc import metrics
import pics
from rdx import core, ssim
STEPS=[3600,2400,1600,1080,720,480,320,215,145]
kind=sys.argv[1]; out=sys.argv[2]; effort=int(sys.argv[3])
P=pics.kodak()
hf='./hash.%d'%os.getpid(); os.environ['ABLC_HASH']=hf
a=P['kodim05'];b=np.clip(a.astype(int)+np.random.default_rng(0).integers(-20,20,a.shape),0,255).astype(np.uint8); print('ssim check',metrics.ssim(a,b)-ssim(a.astype(float),b.astype(float)))
res={}; te=td=0; bad=n=0; times=[]
def row(im,f,d):
    return {'bytes':len(f),'bpp':8*len(f)/(im.size//3),'psnr':metrics.psnr(im,d),'ssim':ssim(im.astype(float),d.astype(float))}
if kind.startswith('avif'):
    from PIL import Image
    tune=kind[5:]
    for name,im in P.items():
        c=[]
        for q in (0,8,18,30,42,54,66,76):
            b=io.BytesIO(); t=time.process_time(); Image.fromarray(im).save(b,'AVIF',quality=q,speed=6,subsampling='4:2:0',max_threads=1,advanced={'tune':tune} if tune!='default' else None); te+=time.process_time()-t
            d=np.asarray(Image.open(io.BytesIO(b.getvalue())).convert('RGB')); c.append(row(im,b.getvalue(),d))
            if c[-1]['bpp']>1.2: break
        res[name]=c
else:
    m=core(kind)
    for name,im in P.items():
        c=[]
        for s in STEPS:
            if os.path.exists(hf): os.unlink(hf)
            t=time.process_time(); f=m.encode(im,step=s,effort=effort); te+=time.process_time()-t
            t=time.process_time(); d=m.decode(f,max_pixels=1<<26)[0]; td+=time.process_time()-t; n+=1
            if os.path.exists(hf):
                h=open(hf).read().split(); bad+= not (len(h)==2 and h[0]==h[1])
            elif 'nb' in kind.split('/')[-2]: bad+=1
            c.append(row(im,f,np.asarray(d)))
            if c[-1]['bpp']>1.2: break
        res[name]=c
if os.path.exists(hf): os.unlink(hf)
json.dump(res,open(out,'w'))
print(out,'files %d enc %.1f dec %.2f s CPU, mismatches %d'%(n,te,td,bad))
