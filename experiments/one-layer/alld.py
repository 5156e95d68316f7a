import os, sys, json; from rdx import core, ssim; import numpy as np, pickle
m=core(sys.argv[1]); P=pickle.load(open('pics.pkl','rb'))[0]; base=sys.argv[2]=='base'; res={}
for n,im in P.items():
    c=[]
    for s in (6000,4000,2700,1800,1200,800,530,350,230):
        k={'mask':np.zeros((64,96),bool)} if base else {}
        f=m.encode(im,step=s,effort=5,**k); d=np.asarray(m.decode(f,max_pixels=1<<26)[0])
        c.append({'bpp':8*len(f)/393216,'psnr':10*np.log10(65025/np.mean((d.astype(float)-im)**2)),'ssim':ssim(im.astype(float),d.astype(float))})
    res[n]=c
json.dump(res,open(sys.argv[3],'w'))
for i in range(9): print(sys.argv[3],*['%.4f'%np.mean([c[i][q] for c in res.values()]) for q in ('bpp','psnr','ssim')])
