import sys, pickle, os
sys.argv=['x']+sys.argv[1:]
from rdx import core
import numpy as np, cv2
P=pickle.load(open('pics.pkl','rb'))[0]
m=core(sys.argv[1]); tag=sys.argv[2]; target=float(sys.argv[3])
for name in list(P)[:4]:
    im=P[name]; lo,hi=100,8000
    for _ in range(12):
        s=int((lo*hi)**.5); f=m.encode(im,step=s,effort=5); b=8*len(f)/393216
        if b>target: lo=s
        else: hi=s
    f=m.encode(im,step=hi,effort=5); d=np.asarray(m.decode(f,max_pixels=1<<26)[0])
    cv2.imwrite(f'vis_{tag}_{name[:8]}.png',d[100:400,200:600,::-1]); print(name,tag,hi,8*len(f)/393216)
