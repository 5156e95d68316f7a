cd .; PY=.venv/bin/python; NB=nb5/_core.so; export NB_FLAT=54 NB_SLOPE=45
R(){ nice -n 19 $PY rdx.py $NB $1.json tune 5 3000,1400,650,300,135 ; }
nice -n 19 $PY train.py $NB y1.bin 60 5
ABLC_STARTS=y1.bin nice -n 19 $PY train.py $NB y2.bin 60 5
export ABLC_STARTS=y2.bin
R y226
NB_DROP=0 R y226nd
$PY bd.py b.json x226.json y*.json > sweep5.txt
