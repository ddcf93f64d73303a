# shellcheck shell=bash disable=SC2154
# For suites with a real S3 store, to be sourced behind lib.sh: whom it knows, and how it is asked past the tool.
unset AWS_PROFILE AWS_REGION AWS_DEFAULT_REGION AWS_ENDPOINT_URL AWS_ENDPOINT_URL_S3 AWS_ENDPOINT_URL_DYNAMODB AWS_SESSION_TOKEN
export AWS_ACCESS_KEY_ID=snapcore-test AWS_SECRET_ACCESS_KEY=snapcore-secret
export AWS_EC2_METADATA_DISABLED=true # nothing leaves this machine

# ask METHOD PATH [OPTION...]   of the store at $url; curl signs by itself; what is PUT comes from stdin
ask() {
  local method=$1 path=$2 body=()
  shift 2
  cat >"$work/body"
  [ "$method" != PUT ] || body=(-T "$work/body")
  curl -sS --fail-with-body -X "$method" --aws-sigv4 aws:amz:us-east-1:s3 --user snapcore-test:snapcore-secret \
    -H "x-amz-content-sha256: $(sha256sum <"$work/body" | head -c 64)" "${body[@]}" "$url/$path" "$@" || exit 1
}

# make_protected_bucket NAME   one that keeps every version of everything for a day, whoever asks
make_protected_bucket() {
  local rule='<DefaultRetention><Mode>COMPLIANCE</Mode><Days>1</Days></DefaultRetention>'
  ask PUT "$1" -H 'x-amz-bucket-object-lock-enabled: true' </dev/null
  printf '<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled><Rule>%s</Rule></ObjectLockConfiguration>' "$rule" \
    >"$work/retention"
  ask PUT "$1?object-lock=" -H "content-md5: $(openssl md5 -binary <"$work/retention" | base64)" <"$work/retention"
}
