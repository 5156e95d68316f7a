import sys, json
sys.path.insert(0,'')
from ablc.eval.rd.curves import bd_rate
import numpy as np
a=json.load(open(sys.argv[1]))
for f in sys.argv[2:]:
    b=json.load(open(f)); row=[]
    for lo,hi in ((.05,1.0),(.05,.15),(.1,.5),(.5,1.0)):
        for m in ('ssim','psnr'):
            # pad the span by neighbouring points: interpolate curves densely first
            v=[]
            for n in a:
                if n in b:
                    try: x=bd_dense(a[n],b[n],m,lo,hi)
                    except NameError:
                        from bdd import bd_dense; x=bd_dense(a[n],b[n],m,lo,hi)
                    if x is not None: v.append(x)
            row.append('%+.2f(%.1f,%d)'%(np.mean(v),np.std(v)/max(1,len(v)-1)**.5,len(v)) if v else '-')
    print(f, '| .05-1 S/P', row[0],row[1],'| .05-.15',row[2],row[3],'| .1-.5',row[4],row[5],'| .5-1',row[6],row[7])
