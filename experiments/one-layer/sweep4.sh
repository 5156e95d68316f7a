cd .; PY=.venv/bin/python; NB=nb4/_core.so; export NB_FLAT=54 NB_SLOPE=45
R(){ nice -n 19 $PY rdx.py $NB $1.json tune 5 3000,1400,650,300,135 ; }
NB_FLAT=62 NB_SLOPE=30 nice -n 19 $PY rdx.py b2/_core.so bw62s30.json tune 5 3000,1400,650,300,135
NB_FLAT=54 NB_SLOPE=45 NB_LAMBDA=.06 nice -n 19 $PY rdx.py b2/_core.so bw54s45l6.json tune 5 3000,1400,650,300,135
ABLC_STARTS=w2.bin nice -n 19 $PY train.py $NB x1.bin 60 5
export ABLC_STARTS=x1.bin
R x226
nice -n 19 $PY trainr.py $NB refine.bin
ABLC_REFINE=refine.bin R x226r
NB_DBMOST=1.4 R x226d1.4
NB_DBMOST=.7 R x226d.7
NB_CHROMA=.8 R x226c.8
NB_LAMBDA=.06 R x226l6
NB_LAMBDA=.042 R x226l42
$PY bd.py b.json bw*.json v226.json x*.json > sweep4.txt
