/** Where the supervisor and whoever puts files in place meet; an emptyDir of the pod. */
export const RUN_FOLDER = '/wherry-dev';

/**
 * Process 1 of a container that is developed in; the words after the script are the app's command. It starts the app, and
 * again when told by SIGUSR1. An app that ends by itself is not started in a loop: it waits for the next save, so that
 * the fault stays to be read. `state` tells `PID running` or `PID ended STATUS`. `$WHERRY_BUILD` runs once before the first start.
 * setsid gives the app a process group of its own, so that all it started ends with it (dash has no job control without
 * a terminal).
 */
export const SUPERVISOR = `group=
command -v setsid >/dev/null && group=-
tell() { echo "$1" > ${RUN_FOLDER}/state.new && mv ${RUN_FOLDER}/state.new ${RUN_FOLDER}/state; }
end() { [ -z "$child" ] || kill -TERM "$group$child" 2>/dev/null; }
trap 'leave=1; end' TERM INT
trap 'again=1; end' USR1
if [ -n "$WHERRY_BUILD" ]; then sh -c "$WHERRY_BUILD" || echo "wherry: the build failed" >&2; fi
while [ -z "$leave" ]; do
  again=
  if [ -n "$group" ]; then setsid "$@" & else "$@" & fi
  child=$!
  tell "$child running"
  while kill -0 "$child" 2>/dev/null; do wait "$child" 2>/dev/null; status=$?; done
  ended=$child
  child=
  if [ -z "$again$leave" ]; then
    echo "wherry: the app ended with exit status $status; it is started again when a file is saved" >&2
    tell "$ended ended $status"
    sleep 2147483647 &
    idle=$!
    while [ -z "$again$leave" ]; do wait "$idle"; done
    kill -KILL "$idle" 2>/dev/null
  fi
done
`;

export const EXIT_NO_TAR = 90;
export const EXIT_BUILD = 91;
export const EXIT_NOT_STARTED = 92;
export const EXIT_ENDED = 93;

/**
 * Run in the container with a tar stream as its input. Words: the command that builds or nothing, `restart` or nothing, the
 * port in hexadecimal digits or nothing, files to take away. It ends when the app listens again.
 * A process that does not end when asked has a third of a second: nobody waits for a graceful end while developing.
 */
export const PUT_IN_PLACE = `build=$1 restart=$2 port=$3
shift 3
tar -x -o -f - -C / || exit ${EXIT_NO_TAR}
[ $# -eq 0 ] || rm -rf -- "$@"
if [ -n "$build" ]; then sh -c "$build" || exit ${EXIT_BUILD}; fi
[ -n "$restart" ] || exit 0
tries=0
until [ -e ${RUN_FOLDER}/state ] || [ $tries -ge 1200 ]; do tries=$((tries + 1)); sleep 0.1; done
read -r old _ < ${RUN_FOLDER}/state
kill -USR1 1
tries=0
while read -r now state < ${RUN_FOLDER}/state && [ "$now" = "$old" ]; do
  tries=$((tries + 1))
  [ $tries -ne 12 ] || kill -KILL "-$old" 2>/dev/null || kill -KILL "$old" 2>/dev/null
  [ $tries -lt 400 ] || exit ${EXIT_NOT_STARTED}
  sleep 0.025
done
tries=0
while :; do
  read -r now state status < ${RUN_FOLDER}/state
  [ "$state" = running ] || exit ${EXIT_ENDED}
  if [ -z "$port" ]; then
    # Nothing tells that a worker works but that it lives on.
    [ $tries -lt 20 ] || exit 0
  else
    grep -q "^ *[0-9]*: [0-9A-F]*:$port [0-9A-F]*:0000 0A " /proc/net/tcp /proc/net/tcp6 2>/dev/null && exit 0
  fi
  tries=$((tries + 1))
  [ $tries -lt 1200 ] || exit ${EXIT_NOT_STARTED}
  sleep 0.025
done
`;
