const SECRET =
  /(?:^|_)(?:PASS|PASSWD|PASSWORD|PASSPHRASE|PWD|SECRET|TOKEN|CREDENTIALS?|SALT|DSN)(?:_|$)|(?:^|_)(?:API|ACCESS|SECRET|ENCRYPTION|SIGNING|PRIVATE|AUTH|LICENSE|MASTER|APP)_?KEY(?:_|$)|PASSWORD$|SECRET$|TOKEN$|APIKEY$|(?<!(?:^|_)(?:PUBLIC|PUBLISHABLE|SITE|SORT|CACHE|PRIMARY|PARTITION|FOREIGN|ROUTING|ROW|HASH|HOT)_)(?:^|_)S?KEY$/;
/** Says something about a secret without being one: `TOKEN_TTL`, `PASSWORD_MIN_LENGTH`, `SECRET_FILE`. */
const ABOUT =
  /_(?:ROTATION|TTL|EXPIRY|EXPIRES|EXPIRES_IN|LENGTH|MINUTES|SECONDS|DAYS|HOURS|ROUNDS|FILE|PATH|ALGORITHM|ISSUER|HEADER|NAME)$/;

/** Beginnings that providers give their keys, and private keys in text. */
const LOOKS_SECRET =
  /^(?:sk_(?:live|test)_|rk_live_|gh[pousr]_\w{20}|github_pat_|xox[abprs]-|AKIA[A-Z0-9]{12}|glpat-|SG\.[\w-]{10}|hf_\w{20}|-----BEGIN [A-Z ]*PRIVATE KEY)/;

/** Why a variable's value must stay hidden, judged by its name and fallback; undefined when it need not. */
export function whySecret(name: string, fallback: string | undefined): string | undefined {
  const upper = name.toUpperCase();
  if (SECRET.test(upper) && !ABOUT.test(upper)) return 'its name says so';
  if (fallback !== undefined && /^[a-z][a-z0-9+.-]*:\/\/[^/\s:@]*:[^/\s@]+@/i.test(fallback)) {
    return 'its default is a URL with a password';
  }
  if (fallback !== undefined && LOOKS_SECRET.test(fallback)) return 'its default looks like a key';
  return undefined;
}

/** Names of what signs or hides the app's own things, whatever stands before them. */
const OWN =
  /(?:^|_)(?:SECRET_KEY_BASE|SESSION_(?:SECRET|KEY)|SESSION_SECRET_KEY|COOKIE_(?:SECRET|KEY)|JWT_(?:SECRET|KEY|SECRET_KEY)|CSRF_(?:SECRET|KEY)|APP_KEY)$/;
/** Plain names, with nothing before them but a framework or the app's own part: `STRIPE_SECRET_KEY` is Stripe's to give. */
const PLAIN =
  /^(?:(?:APP|APPLICATION|DJANGO|FLASK|FASTAPI|RAILS|LARAVEL|SYMFONY|EXPRESS|NODE|NEXT|NEXTAUTH|NUXT|REMIX|PHOENIX|SPRING|SERVER|WEB|API|BACKEND|SITE|AUTH|TOKEN|PASSWORD)_)?(?:SECRET_KEY|SECRET|SIGNING_(?:KEY|SECRET)|SALT|AUTH_SECRET)$/;

/** A secret of the app's own that any random value serves (sessions, signatures), unlike a key that a third party gave. */
export function isOwnSecret(name: string): boolean {
  const upper = name.toUpperCase();
  return OWN.test(upper) || PLAIN.test(upper);
}
