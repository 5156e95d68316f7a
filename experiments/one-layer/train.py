"""train.py CORE OUT [n] [effort]: starts of the tile's models (experiment) -> raw file; with 'inc' writes whole .inc (present codec)."""
import sys, os, pickle, tempfile
from pathlib import Path
sys.path.insert(0,'')
import types
import numpy as np
import importlib.util
def mod(path,name):
    spec=importlib.util.spec_from_file_location(name,path); m=importlib.util.module_from_spec(spec); sys.modules[name]=m; spec.loader.exec_module(m); return m
for n in ('ablc','ablc.export','ablc.export.tables'):
    m=types.ModuleType(n); m.__path__=[]; sys.modules[n]=m
sys.modules['ablc.export'].tables=sys.modules['ablc.export.tables']
C=mod('.py','ablc.export.contexts')
core=Path(sys.argv[1]); out=sys.argv[2]; n=int(sys.argv[3]) if len(sys.argv)>3 else 60; effort=int(sys.argv[4]) if len(sys.argv)>4 else 5
train=pickle.load(open('./pics.pkl','rb'))[1][:n]
tmp='./rec.%d'%os.getpid()
os.environ['ABLC_STATISTICS']=tmp
codec=C.load_core(core); rng=np.random.default_rng(0)
for name,p in train:
    for s in C.steps(rng): codec.encode(C.smaller(p,rng),step=s,effort=effort)
    if out.endswith('.inc'): codec.pack_mask(C.edge_cells(C.smaller(p,rng)))
rec=C.read_records(Path(tmp)); os.unlink(tmp)
if out.endswith('.inc'): C.write(rec,Path(out))
else:
    t=np.stack([np.stack(C.fit(c),1) for c in C.banded(rec['tile'])]).astype(np.uint32)
    t.tofile(out); print(t.shape)
