const SECRET =
  /(?:^|_)(?:PASS|PASSWD|PASSWORD|PASSPHRASE|PWD|SECRET|TOKEN|CREDENTIALS?|PRIVATE|SALT|DSN)(?:_|$)|(?:^|_)(?:API|ACCESS|SECRET|ENCRYPTION|SIGNING|PRIVATE|AUTH|LICENSE|MASTER|APP)_?KEY(?:_|$)|PASSWORD$|SECRET$|TOKEN$|APIKEY$/;
/** Says something about a secret without being one: `TOKEN_TTL`, `PASSWORD_MIN_LENGTH`, `SECRET_FILE`. */
const ABOUT =
  /_(?:TTL|EXPIRY|EXPIRES|EXPIRES_IN|LENGTH|MINUTES|SECONDS|DAYS|HOURS|ROUNDS|FILE|PATH|ALGORITHM|ISSUER|HEADER|NAME)$/;

/** Why a variable's value must stay hidden, judged by its name and fallback; undefined when it need not. */
export function whySecret(name: string, fallback: string | undefined): string | undefined {
  const upper = name.toUpperCase();
  if (SECRET.test(upper) && !ABOUT.test(upper)) return 'its name says so';
  if (fallback !== undefined && /^[a-z][a-z0-9+.-]*:\/\/[^/\s:@]*:[^/\s@]+@/i.test(fallback)) {
    return 'its default is a URL with a password';
  }
  return undefined;
}

/** A secret of the app's own that any random value serves (sessions, signatures), unlike a key that a third party gave. */
export function isOwnSecret(name: string): boolean {
  return /^(?:\w+_)?(?:SECRET_KEY(?:_BASE)?|SESSION_(?:SECRET|KEY)|COOKIE_(?:SECRET|KEY)|JWT_(?:SECRET|KEY)|APP_(?:KEY|SECRET)|CSRF_(?:SECRET|KEY)|SIGNING_(?:KEY|SECRET)|SALT|AUTH_SECRET|SECRET)$/.test(
    name.toUpperCase(),
  );
}
