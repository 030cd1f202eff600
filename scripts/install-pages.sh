#!/usr/bin/env bash
# install-pages.sh MANDIR NAME PAGE...: installs manual pages, with zcat called
# NAME in their text and in their file names.
set -eu
dir=$1 name=$2
upper=$(printf %s "$name" | tr a-z A-Z)
shift 2
for page in "$@"; do
	file=$(basename "$page")
	case $file in zcat*) file=$name${file#zcat} ;; esac
	install -d "$dir/man${file##*.}"
	sed -e "s/zcat/$name/g" -e "/^\.TH /s/ZCAT/$upper/" "$page" >"$dir/man${file##*.}/$file"
	chmod 644 "$dir/man${file##*.}/$file"
done
