cd .; PY=.venv/bin/python; F="nice -n 19 $PY final.py"
rm -f shares.txt; NB_FLAT=54 NB_SLOPE=45 ABLC_STARTS=y2.bin ABLC_SHARES=shares.txt nice -n 19 $PY rdx.py nb6/_core.so /tmp/x.json tune 5 3000,1400,650,300,135
$F avif-default k_avif_iq.json 5
$F avif-ssim k_avif_ssim.json 5
