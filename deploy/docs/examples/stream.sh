#!/bin/sh
# Follows the live stream of mentions with curl: sh stream.sh [URL]. Prints each event's data once, through restarts of the api.
# Where not everybody may read, DENYUT_TOKEN is a token or a key: curl reads it from its standard input, so that `ps` does not show it.
url=${1:-http://127.0.0.1:8000}
last=$(mktemp)
trap 'rm -f "$last"' EXIT
trap 'exit 130' INT TERM

while :; do
  {
    echo "header = \"Last-Event-ID: $(cat "$last")\""
    [ -z "$DENYUT_TOKEN" ] || echo "header = \"Authorization: Bearer $DENYUT_TOKEN\""
  } | curl --silent --no-buffer --fail --max-time 0 --keepalive-time 30 --config - "$url/api/v1/stream?topics=mentions" |
    while IFS= read -r line; do
      case $line in
        "id: "*) id=${line#id: } ;;
        "event: "*) event=${line#event: } ;;
        "data: "*) data=${line#data: } ;;
        "") # The event is whole.
          [ "$event" != mentions ] || printf '%s\n' "$data"
          [ "$event" != reset ] || printf 'missing: %s\n' "$data" >&2
          [ -z "$id" ] || printf '%s' "$id" >"$last"
          id='' event='' data=''
          ;;
      esac
    done
  sleep 1
done
