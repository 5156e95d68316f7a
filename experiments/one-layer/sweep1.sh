cd .; PY=.venv/bin/python; NB=nb1/_core.so
export ABLC_STARTS=s2.bin
R(){ nice -n 19 $PY rdx.py $NB $1.json tune 5 3000,1400,650,300,135 >/dev/null; }
R ref
for f in 34 42 46; do NB_FLAT=$f R flat$f; done
for f in 60 95; do NB_SLOPE=$f R slope$f; done
NB_FLAT=46 NB_SLOPE=60 R f46s60
for f in .7 1.4; do NB_CHROMA=$f R chroma$f; done
for f in .1 -.1; do NB_SLANT=$f R slant$f; done
$PY bd.py b.json ref.json flat*.json slope*.json f46s60.json chroma*.json slant*.json > sweep1.txt
