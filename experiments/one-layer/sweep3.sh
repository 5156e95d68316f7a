cd .; PY=.venv/bin/python; NB=nb3/_core.so; export NB_FLAT=54 NB_SLOPE=45
NB_KINDS=4 nice -n 19 $PY train.py $NB w1.bin 30 5
ABLC_STARTS=w1.bin NB_KINDS=4 nice -n 19 $PY train.py $NB w2.bin 60 5
export ABLC_STARTS=w2.bin
R(){ nice -n 19 $PY rdx.py $NB $1.json tune 5 3000,1400,650,300,135 ; }
NB_KINDS=1 NB_MIN=3 NB_MAX=5 R v135
NB_KINDS=2 NB_MIN=3 NB_MAX=5 R v235
NB_KINDS=4 NB_MIN=3 NB_MAX=5 R v435
NB_KINDS=1 NB_MIN=2 NB_MAX=5 R v125
NB_KINDS=2 NB_MIN=2 NB_MAX=5 R v225
NB_KINDS=2 NB_MIN=2 NB_MAX=6 R v226
NB_KINDS=4 NB_MIN=2 NB_MAX=6 R v426
NB_KINDS=1 NB_MIN=3 NB_MAX=6 R v136
$PY bd.py b.json f54s45.json v*.json > sweep3.txt
