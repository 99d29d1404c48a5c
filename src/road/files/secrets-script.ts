import type { OutputFile } from './contract.ts';

/** `k8s/secrets.sh` and what keeps the values out of git. */
export function secretScriptFiles(): OutputFile[] {
  return [
    { path: 'k8s/secrets.sh', text: SCRIPT, mode: 0o755 },
    { path: 'k8s/.gitignore', text: IGNORE },
  ];
}

const IGNORE = `overlays/*/secrets/*
!overlays/*/secrets/*.example
.deploy/
`;

const SCRIPT = `#!/bin/sh
# Makes the secret files of an environment that are not there yet: what its cluster holds already is kept, the rest is made
# from the .example files. Run it as often as you like.
#   sh k8s/secrets.sh production
set -eu
umask 077
environment=\${1:?name an environment: sh k8s/secrets.sh development}
kubectl=\${KUBECTL:-kubectl}
folder=$(dirname "$0")/overlays/$environment
[ -d "$folder" ] || { echo "k8s/secrets.sh: there is no overlay $environment" >&2; exit 2; }
namespace=$(sed -n 's/^namespace: *//p' "$folder/kustomization.yaml" | tr -d '"')

in_cluster() { $kubectl -n "$namespace" get secret "$1" -o "go-template=$2" 2>/dev/null; }

from_example() {
  awk '
    /^#/ || /^$/ { print; next }
    {
      at = index($0, "="); key = substr($0, 1, at - 1); value = substr($0, at + 1)
      if (value == "(yours)") { print key > "/dev/stderr"; missing = 1; next }
      if (value == "(random)") {
        command = "LC_ALL=C tr -dc A-HJ-NP-Za-km-z2-9 < /dev/urandom | head -c 32; echo; : " key
        command | getline value; close(command)
      }
      result = ""
      while (match(value, /[$][{][^}]*[}]/)) {
        result = result substr(value, 1, RSTART - 1) known[substr(value, RSTART + 2, RLENGTH - 3)]
        value = substr(value, RSTART + RLENGTH)
      }
      known[key] = result value
      print key "=" known[key]
    }
    END { exit missing }
  ' "$1"
}

for example in "$folder"/secrets/*.example; do
  [ -e "$example" ] || continue
  file=\${example%.example}
  [ ! -e "$file" ] || continue
  base=$(basename "$file")
  name=\${base%%.*}
  key=\${base#*.}
  if [ "$key" = env ]; then
    all='{{range $key, $value := .data}}{{$key}}={{$value | base64decode}}{{"\\n"}}{{end}}'
    if in_cluster "$name" "$all" > "$file.new"; then
      echo "$file: taken from the cluster"
    elif from_example "$example" > "$file.new"; then
      echo "$file: made"
    else
      rm -f "$file.new"
      echo "$file: copy $example to it and give the values named above" >&2
      exit 1
    fi
  elif ! in_cluster "$name" "{{index .data \\"$key\\" | base64decode}}" > "$file.new"; then
    rm -f "$file.new"
    echo "$file: is not there, and neither is it in the cluster; put it there" >&2
    exit 1
  fi
  mv "$file.new" "$file"
done
`;
