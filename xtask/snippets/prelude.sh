# What the commands of the documents mean where all of them are run, one after the other.
#
# $port and $redis_port are free ports, $FERROCAST and $XTASK the programs, $key the last key that was made.
set -Eeuo pipefail

server= key= line=0 serving=nothing expected=answered
trap 'stop; stop_redis' EXIT
trap 'echo "the snippet of line $line failed" >&2; [ ! -e server.log ] || tail -n 20 server.log >&2' ERR

# Each snippet finds the sample models served, as the documents assume; a server that the one before started is gone.
begin() {
  line=$1 expected=$2
  [ "$serving" = samples ] || serve --models "$(git rev-parse --show-toplevel)/models"
  serving=samples
}

# In a document a server runs in a terminal of its own; here behind the script, once it listens.
serve() {
  local given=()
  while [ $# -gt 0 ]; do
    if [ "$1" = --port ]; then shift; else given+=("$1"); fi
    shift
  done
  stop
  : > server.log
  SERVER__DRAIN_DELAY_S=0 "$FERROCAST" "${given[@]}" --port "$port" > server.log 2>&1 < /dev/null &
  server=$!
  until grep --quiet 'listening on' server.log; do
    kill -0 "$server" 2> /dev/null || return 1
    sleep 0.05
  done
}

stop() {
  [ -z "$server" ] || { kill "$server" && wait "$server"; } 2> /dev/null || true
  server=
}

ferrocast() {
  case "${1-}" in
    '' | serve | -*)
      serving=snippet
      serve "$@"
      ;;
    new-key)
      "$FERROCAST" "$@" 2> new-key.log
      key=$(grep --only-matching 'fc_[A-Za-z0-9_-]*' new-key.log)
      ;;
    *) "$FERROCAST" "$@" ;;
  esac
}

# An answer with an error fails the snippet, unless an error is what the document shows.
curl() {
  local fail=--fail-with-body
  [ "$expected" = answered ] || fail=--no-progress-meter
  command curl --silent --show-error $fail "${@//fc_…/$key}"
}

# The program is built already, `cargo xtask ci` runs this and makes packages, and counts for them take an hour: what is left is that
# the command exists.
cargo() {
  case "$1 ${2-}" in
    'run --release') ferrocast ;;
    'xtask ci' | 'xtask package' | 'xtask pgo') [[ $("$XTASK" --help) == *"xtask $2"* ]] ;;
    xtask*) shift && "$XTASK" "$@" ;;
    *) command cargo "$@" ;;
  esac
}

# A file of a document, from standard input: the program has to take it.
file() {
  mkdir -p "$(dirname "$1")"
  cat > "$1"
  case "$(basename "$1")" in
    ferrocast.toml) "$FERROCAST" check-config --config "$1" ;;
    models.toml) "$FERROCAST" check-config --models "$(dirname "$1")" ;;
    keys.toml) AUTH__KEYS_FILE=$1 "$FERROCAST" check-config ;;
    model.toml) "$FERROCAST" check "$(dirname "$1")" ;;
    *) echo "nothing reads $1" >&2 && return 1 ;;
  esac
}

redis=
start_redis() {
  redis-server --port "$redis_port" --bind 127.0.0.1 --requirepass password --appendonly yes --dir "$(mktemp --directory --tmpdir=.)" > redis.log &
  redis=$!
  until grep --quiet 'Ready to accept' redis.log; do sleep 0.05; done
}
stop_redis() {
  [ -z "$redis" ] || kill "$redis"
}
