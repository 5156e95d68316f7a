import sys,json,types
m=types.ModuleType('ablc'); m.__path__=['']; sys.modules['ablc']=m
e=types.ModuleType('ablc.eval'); e.__path__=['']; sys.modules['ablc.eval']=e
r=types.ModuleType('ablc.eval.rd'); r.__path__=['']; sys.modules['ablc.eval.rd']=r
from ablc.eval.rd.curves import bd_rate
import numpy as np
a=json.load(open('k_base.json'))
for f in ('k_nobase_plain','k_nobase_flat','k_nobase_full','k_base_flat'):
    b=json.load(open(f+'.json'))
    print('curves.bd_rate .05-.5',f,[round(float(np.mean([v for v in (bd_rate(a[k],b[k],m) for k in a) if v is not None])),2) for m in ('ssim','psnr')])
