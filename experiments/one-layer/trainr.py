"""trainr.py CORE OUT: refinement filters -> raw int16."""
import sys, os, pickle, types, importlib.util
from pathlib import Path
import numpy as np, cv2
cv2.setNumThreads(1)
def mod(path,name):
    spec=importlib.util.spec_from_file_location(name,path); m=importlib.util.module_from_spec(spec); sys.modules[name]=m; spec.loader.exec_module(m); return m
for n in ('ablc','ablc.export','ablc.export.tables'):
    m=types.ModuleType(n); m.__path__=[]; sys.modules[n]=m
sys.modules['ablc.export'].tables=sys.modules['ablc.export.tables']
C=mod('.py','ablc.export.contexts'); sys.modules['ablc.export'].contexts=C
R=mod('.py','ablc.export.refinement')
pics=[cv2.cvtColor(p,cv2.COLOR_RGB2GRAY) for _,p in pickle.load(open('./pics.pkl','rb'))[1]]
l,r=R.statistics((Path(sys.argv[1]),pics,0))
w=R.solve(l,r); w.astype(np.int16).tofile(sys.argv[2]); print(w.shape)
