#!/bin/sh
# A participant with nothing but curl and awk, against `xaynet agent --state DIR --listen unix:DIR/agent.sock`:
#   sh participant.sh DIR [SCALAR]
# It "trains" by moving every weight a tenth of the way towards zero.
state=$1
scalar=${2:-1}
model=$(mktemp)
trained=$(mktemp)
trap 'rm -f "$model" "$trained"' EXIT
trap 'exit 0' INT TERM

ask() {
  curl --silent --show-error --unix-socket "$state/agent.sock" "$@"
}

while :; do
  task=$(ask 'http://agent/task?wait=30') || { sleep 1; continue; } # the agent is not there (yet)
  [ -n "$task" ] || continue                                        # no model was wanted for 30 s
  id=$(printf %s "$task" | sed 's/.*"id":"\([0-9a-f]*\)".*/\1/')
  length=$(printf %s "$task" | sed 's/.*"length":\([0-9]*\).*/\1/')
  ask 'http://agent/model?format=json' > "$model"                   # empty when there is none yet
  awk -v length_="$length" '
    { gsub(/[][ ]/, ""); count = split($0, weights, ",") }
    END {
      for (i = 1; i <= length_; i++) printf "%s%.9g", i == 1 ? "[" : ",", i <= count ? 0.9 * weights[i] : 0
      print "]"
    }' "$model" > "$trained"
  status=$(ask --output /dev/null --write-out '%{http_code}' --upload-file "$trained" "http://agent/tasks/$id/model?format=json&scalar=$scalar")
  echo "task $id: $status"
done
