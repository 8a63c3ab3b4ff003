# Bash completion of searchc.
_searchc()
{
    local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
    local options="--socket -C -n --offset --cursor --match --sort --since --until --source --lang
        --type --format --facets --explain -0 -l -c --parse --color --batch --put --delete --get
        --failed --reindex --stats --ping --raw --version --help -h"
    local values=""

    COMPREPLY=()
    case $previous in
    --match) values="best all any" ;;
    --sort) values="score date -date" ;;
    --format) values="text json jsonl tsv paths trec" ;;
    --color) values="auto always never" ;;
    --facets) # several between commas
        local before=""
        [[ $current == *,* ]] && before=${current%,*},
        mapfile -t COMPREPLY < <(compgen -P "$before" -W "source lang type year month" \
            -- "${current##*,}")
        return
        ;;
    --batch | --put)
        mapfile -t COMPREPLY < <(compgen -f -- "$current")
        return
        ;;
    --socket | -C | -n | --offset | --cursor | --since | --until | --source | --lang | --type | \
        --get | --raw)
        return
        ;;
    esac
    if [[ -n $values ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$values" -- "$current")
    elif [[ $current == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$options" -- "$current")
    fi
}
complete -F _searchc searchc
