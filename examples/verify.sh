#!/bin/sh
# The eight checks of the TEMS guide (section 14), with the faults of its script mended; docs/posture.md says which.
# Usage: verify.sh [https://tems.local [SITE]]. Ends with the number of checks that failed.
# Where Palisade runs, `palisade verify` looks at these and at much more.
set -u
url=${1:-https://tems.local}
site=${2:-tems.local}
failed=0

answer=$(curl --silent --show-error --head "$url")
missing=$(curl --silent --head "$url/no-such-page")

check() { # check TITLE COMMAND…
    title=$1
    shift
    if "$@"; then
        echo "$title: ✓"
    else
        echo "$title: ✗"
        failed=$((failed + 1))
    fi
}

# Names of headers have no case. A page that is not there has to have them, too.
has_header() {
    printf '%s\n' "$answer" | grep --quiet --ignore-case "^$1:" &&
        printf '%s\n' "$missing" | grep --quiet --ignore-case "^$1:"
}

# Any answer of a working site, redirects to its login included.
speaks_http2() {
    printf '%s\n' "$answer" | head -n 1 | grep --quiet --extended-regexp '^HTTP/2 [23][0-9][0-9]'
}

# Off is 0, and off is also a key that is not there.
developer_mode_is_off() {
    value=$(bench --site "$site" get-config developer_mode) || return 1
    case $value in
        0 | None | "") return 0 ;;
        *) return 1 ;;
    esac
}

# The whole word: "inactive" holds "active".
firewall_is_on() {
    ufw status | grep --quiet --line-regexp 'Status: active'
}

fail2ban_runs() {
    systemctl --quiet is-active fail2ban
}

check "1. HTTPS enabled" speaks_http2
check "2. X-Content-Type-Options" has_header X-Content-Type-Options
check "3. X-Frame-Options" has_header X-Frame-Options
check "4. Content-Security-Policy" has_header Content-Security-Policy
check "5. Strict-Transport-Security" has_header Strict-Transport-Security
check "6. Developer mode disabled" developer_mode_is_off
check "7. UFW enabled" firewall_is_on
check "8. Fail2ban running" fail2ban_runs
exit "$failed"
