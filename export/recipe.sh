#!/usr/bin/env bash
# Trains all networks of a preset one after the other, and exports them after each training.
#
#     export/recipe.sh PRESET MINUTES OUT TEACHERS DATA...
#
# PRESET small or base; MINUTES for all together; OUT a folder for runs and models; TEACHERS the
# folder of the teachers' weights; DATA folders or tar files of pictures. OPTIONS in the environment
# are passed to every training, for example OPTIONS="--batch 64 --workers 14 --pool 4000 --fresh 0.25" on a GPU.
# If it is stopped, run the same command again to continue.
set -euo pipefail
preset=$1 minutes=$2 out=$3 teachers=$4
shift 4
data=()
for source in "$@"; do data+=(--data "$source"); done

train() { # task, share of the minutes, further options
  local task=$1 share=$2
  shift 2
  python -m ablc.export train "$task" --preset "$preset" "${data[@]}" --teachers "$teachers" \
    --out "$out/$task" --minutes "$(python -c "print($minutes * $share)")" ${OPTIONS:-} "$@"
}
onnx() { # the checkpoints of some tasks
  python -m ablc.export onnx "${@/#/$out/}" --out "$out/models"
}

train fill 0.35
onnx fill/checkpoint.pt
train fill-perceptual 0.15 --start "$out/fill/checkpoint.pt" --weight adversarial=0.005
onnx fill-perceptual/checkpoint.pt
train condition 0.15
train latent 0.25 --weight lpips=0.03 --weight adversarial=0.01
onnx condition/checkpoint.pt latent/checkpoint.pt
train stage2 0.1
onnx stage2/checkpoint.pt
