cd .; PY=.venv/bin/python; F="nice -n 19 $PY final.py"
cp build/base/_core*.so b0/_core.so
$F b0/_core.so k_base.json 5
$F b2/_core.so k_base_retrained.json 5
NB_FLAT=54 NB_SLOPE=45 $F b2/_core.so k_base_flat.json 5
ABLC_STARTS=s2.bin $F nb1/_core.so k_nobase_plain.json 5
NB_FLAT=54 NB_SLOPE=45 ABLC_STARTS=s2.bin $F nb1/_core.so k_nobase_flat.json 5
NB_FLAT=54 NB_SLOPE=45 ABLC_STARTS=y2.bin $F nb6/_core.so k_nobase_full.json 5
$F b0/_core.so k_base_e8.json 8
$PY bd.py k_base.json k_base_*.json k_nobase*.json > kodak.txt
echo against base_flat >> kodak.txt; $PY bd.py k_base_flat.json k_nobase_flat.json k_nobase_full.json >> kodak.txt
