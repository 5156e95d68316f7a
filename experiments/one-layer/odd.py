import os, sys; from rdx import core; import numpy as np, pics
m=core('nb6/_core.so'); im=pics.kodak()['kodim08']; hf='./odd.hash'; os.environ['ABLC_HASH']=hf
for w,h,kw in ((333,217,{}),(333,217,{'chroma':'444'}),(61,9,{}),(1,1,{}),(768,512,{'tile':256}),(768,512,{'grey':1}),(768,512,{'t':2})):
    x=np.ascontiguousarray(im[:h,:w]); k={}
    if 'chroma' in kw: k['subsample']=0
    if 'tile' in kw: k['tile']=256
    if 'grey' in kw: x=np.ascontiguousarray(x[...,:1])
    if os.path.exists(hf): os.unlink(hf)
    try:
        f=m.encode(x,step=300,effort=5,**k); d1=m.decode(f,max_pixels=1<<26)[0]
        h1=open(hf).read().split(); d2=m.decode(f,max_pixels=1<<26,threads=2)[0]
        n=len(h1)//2; print(w,h,kw,len(f),'psnr %.2f'%(10*np.log10(65025/np.mean((np.asarray(d1,float)-x)**2))),'planes equal',sorted(h1[:n])==sorted(h1[n:]),'threads equal',np.array_equal(d1,d2))
    except Exception as e: print(w,h,kw,repr(e)[:200])
