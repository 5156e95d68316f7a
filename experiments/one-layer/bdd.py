"""BD-rate with PCHIP of log rate over quality: the quality interval is that of the anchor's curve at rates lo..hi (interpolated), cut to what both reach."""
import numpy as np
from scipy.interpolate import PchipInterpolator
def prep(c,m):
    c=sorted(c,key=lambda r:r['bpp']); r=np.log(np.array([x['bpp'] for x in c])); q=np.array([x[m] for x in c])
    if m=='ssim': q=-10*np.log10(1-q)
    keep=[0]
    for i in range(1,len(q)):
        if q[i]>q[keep[-1]]+1e-9: keep.append(i)
    return r[keep],q[keep]
def bd_dense(a,b,m,lo,hi):
    ra,qa=prep(a,m); rb,qb=prep(b,m)
    qof=PchipInterpolator(ra,qa)
    l=max(np.log(lo),ra[0]); h=min(np.log(hi),ra[-1])
    if h-l < .3*(np.log(hi)-np.log(lo)): return None
    q0=max(float(qof(l)),qb[0]); q1=min(float(qof(h)),qb[-1])
    if q1-q0 < .5*(float(qof(h))-float(qof(l))): return None
    x=np.linspace(q0,q1,400)
    d=PchipInterpolator(qb,rb)(x)-PchipInterpolator(qa,ra)(x)
    return (np.exp(np.trapezoid(d,x)/(q1-q0) if hasattr(np,'trapezoid') else np.exp(np.trapz(d,x)/(q1-q0)))-1)*100
