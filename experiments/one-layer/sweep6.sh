cd .; PY=.venv/bin/python; NB=nb6/_core.so; export NB_FLAT=54 NB_SLOPE=45
for e in 7 9; do env -u NB_FLAT -u NB_SLOPE nice -n 19 $PY rdx.py b2/_core.so be$e.json tune $e 3000,1400,650,300,135; done
NB_FLAT=54 NB_SLOPE=45 ABLC_STARTS=y2.bin nice -n 19 $PY rdx.py $NB ye7.json tune 7 3000,1400,650,300,135
ABLC_STARTS=y2.bin nice -n 19 $PY rdx.py $NB ye9.json tune 9 3000,1400,650,300,135
ABLC_STARTS=y2.bin nice -n 19 $PY rdx.py $NB ye3.json tune 3 3000,1400,650,300,135
env -u NB_FLAT -u NB_SLOPE nice -n 19 $PY rdx.py b2/_core.so be5.json tune 5 3000,1400,650,300,135
export ABLC_STARTS=y2.bin
R(){ nice -n 19 $PY rdx.py $NB $1.json tune 5 3000,1400,650,300,135 ; }
R z
NB_PDPC=0 R z-pdpc
NB_SMOOTH=0 R z-smooth
NB_CCLM=0 R z-cclm
NB_MAX=5 R z-64
NB_MIN=3 R z-4
NB_MIN=4 R z-8
NB_KINDS=1 R z-dst
echo against shipped > sweep6.txt
$PY bd.py b.json be*.json ye*.json z.json >> sweep6.txt
echo tool off, against z >> sweep6.txt
$PY bd.py z.json z-*.json >> sweep6.txt
