import type { FilePlan, OutputFile } from './contract.ts';

/** Asks the paths that the app serves; nothing but curl is needed. */
export function smokeFile({ name, smokePaths, hosts }: FilePlan): OutputFile {
  const asks = smokePaths.map((path) => `ask '${path.replaceAll("'", "'\\''")}'`);
  return {
    path: 'smoke/smoke.sh',
    mode: 0o755,
    text: `#!/bin/sh
# Asks ${name} from outside, as its users do:
#   TARGET_URL=https://${hosts.production} sh smoke/smoke.sh
# Each path has TRIES tries (30), a second apart, to answer with a status below 400.
set -u
url=\${TARGET_URL:?say what to ask: TARGET_URL=https://${hosts.production} sh smoke/smoke.sh}
url=\${url%/}
failed=0

ask() {
  try=1
  while :; do
    status=$(curl -sS -o /dev/null -w '%{http_code}' --max-time 10 "$url$1" 2>/dev/null) || status=000
    if [ "$status" -ge 200 ] && [ "$status" -lt 400 ]; then
      echo "ok     GET $1 $status"
      return
    fi
    if [ "$try" -ge "\${TRIES:-30}" ]; then break; fi
    try=$((try + 1))
    sleep 1
  done
  if [ "$status" = 000 ]; then status='no answer'; fi
  echo "failed GET $1: $status after $try tries" >&2
  failed=1
}

${asks.join('\n')}
exit "$failed"
`,
  };
}
