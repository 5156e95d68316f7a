cd .; PY=.venv/bin/python; NB=nb1/_core.so
R(){ nice -n 19 $PY rdx.py $NB $1.json tune 5 3000,1400,650,300,135 >/dev/null; }
export ABLC_STARTS=s2.bin
NB_FLAT=54 NB_SLOPE=45 R f54s45
NB_FLAT=62 NB_SLOPE=30 R f62s30
NB_FLAT=54 NB_SLOPE=45 NB_LAMBDA=.06 R f54s45l6
$PY bd.py b.json f46s60.json f54s45.json f62s30.json f54s45l6.json > sweep2.txt
nice -n 19 make -C build/base2 -j1 2>&1 | tail -1; cp build/base2/_core*.so b2/_core.so; unset ABLC_STARTS
for fs in "46 60" "54 45" "38 60"; do set -- $fs; NB_FLAT=$1 NB_SLOPE=$2 nice -n 19 $PY rdx.py b2/_core.so bw$1s$2.json tune 5 3000,1400,650,300,135 >/dev/null;  done
$PY bd.py b.json bw*.json >> sweep2.txt
