import type { Dialect, Hit, Source, Subject } from './contract.ts';
import { hitAt } from './patterns.ts';

/** Serves requests: what is written here is written for them. */
const HANDLES: Readonly<Record<Dialect, RegExp>> = {
  node: /\.(?:get|post|put|patch|delete|all|use|route)\(\s*['"`]\/|\.route\(\{|\.on\(\s*['"](?:connection|message|request)['"]|createServer\(|@(?:Get|Post|Put|Patch|Delete|Controller|Injectable)\(/,
  python: /@\w+(?:\.\w+)*\.(?:route|get|post|put|patch|delete|websocket)\(|def\s+\w+\(\s*(?:self\s*,\s*)?request\b/,
  go: /http\.(?:ResponseWriter|HandleFunc)|gin\.Context|echo\.Context|fiber\.Ctx/,
  java: /@(?:RestController|Controller|Service|Component|Path|GetMapping|PostMapping)\b/,
  ruby: /^\s*(?:get|post|put|patch|delete)\s+['"]\/|< (?:ApplicationController|ActionController|Sinatra::Base)/m,
  php: /(?!)/,
  rust: /axum::|actix_web|rocket::|warp::/,
  dotnet: /\.Map(?:Get|Post|Put|Patch|Delete)\(|ControllerBase|\[ApiController\]/,
};
/** What an app keeps for its users rather than about itself. */
const DATA =
  /^(?:_?(?:all|the|in_?memory|fake|mock)?_?)?(?:users?|accounts?|sessions?|items?|todos?|tasks?|orders?|carts?|baskets?|products?|messages?|posts?|notes?|comments?|jobs?|queues?|tokens?|rooms?|games?|store|storage|db|database|data|records?|votes?|scores?|books?|entries|tickets?|bookings?|events?|otps?|codes?|uploads?|results?|history|visits|visitors|customers|contacts|people|movies|albums|articles|notifications|subscriptions?|subscribers?|favou?rites|likes|wishlists?)(?:_?(?:store|map|list|db|by_?\w+|data|dict|table|queue))?$/i;
/** Set up once, or about the process itself. */
const OWN =
  /cache|memo|metric|counter|gauge|histogram|regist|handler|route|plugin|middleware|config|setting|option|pool|client|connection|listener|subscrib.*fn|logger|template|schema|model|export|require|server|started|ready|stopping|shutting|inflight|in_flight|timer|interval|instances|allow|transport|mime|const|default|lookup|regex/i;

interface Shape {
  /** Names the variable in group 1. */
  readonly declared: RegExp;
  /** How a name is written to, inside a function. */
  readonly written: (name: string) => RegExp;
}

const SHAPES: Readonly<Partial<Record<Dialect, readonly Shape[]>>> = {
  node: [
    {
      declared:
        /^(?:export\s+)?(?:const|let|var)\s+([\w$]+)\s*(?::[^=\n]+)?=\s*(?:\{|\[|new\s+(?:Map|Set|WeakMap|Array)\b|Object\.create\()/gm,
      written: (name) =>
        new RegExp(
          String.raw`^[ \t]+.*(?<![\w$.])${name}(?:\.(?:push|unshift|pop|shift|splice|set|add|delete|clear)\(|\[[^\]]+\](?:\.\w+)*\s*(?:=(?!=)|\+=|\+\+)|\s*=\s*${name}\.(?:filter|concat|map)|\.length\s*=)|\bdelete\s+${name}\[`,
          'm',
        ),
    },
    {
      declared: /^(?:let|var)\s+([\w$]+)\s*(?::\s*number\s*)?=\s*\d+\s*;?$/gm,
      written: (name) =>
        new RegExp(String.raw`^[ \t]+.*(?<![\w$.])(?:${name}\s*(?:\+\+|--|\+=|-=)|(?:\+\+|--)${name}\b)`, 'm'),
    },
  ],
  python: [
    {
      declared:
        /^(\w+)\s*(?::[^=\n]+)?=\s*(?:\{|\[|dict\(|list\(|set\(|defaultdict\(|(?:collections\.)?(?:OrderedDict|deque|Counter|defaultdict)\()/gm,
      written: (name) =>
        new RegExp(
          String.raw`^[ \t]+.*(?<![\w.])${name}(?:\.(?:append|add|insert|extend|pop|popleft|appendleft|remove|update|clear|setdefault|discard)\(|\[[^\]\n]+\](?:\[[^\]\n]+\]|\.\w+)*\s*(?:=(?!=)|\+=|-=))|^[ \t]+del\s+${name}\[|^[ \t]+global\s+[^\n]*\b${name}\b`,
          'm',
        ),
    },
    {
      declared: /^(\w+)\s*=\s*\d+\s*$/gm,
      written: (name) => new RegExp(String.raw`^[ \t]+global\s+[^\n]*\b${name}\b`, 'm'),
    },
  ],
  go: [
    {
      declared: /^(?:var\s+)?\t?(\w+)\s*(?:=\s*|\s)(?:make\(\s*map\[|map\[[^\n]*\{|\[\][\w.*]+(?:\{|$)|sync\.Map)/gm,
      written: (name) =>
        new RegExp(
          String.raw`^\t+.*(?<![\w.])${name}(?:\[[^\]\n]+\]\s*(?:=(?!=)|\+\+|\+=)|\s*=\s*append\(|\.Store\()|^\t+delete\(${name},`,
          'm',
        ),
    },
  ],
  java: [
    {
      declared:
        /^\s+(?:(?:private|public|protected|static|final)\s+)+(?:Map|HashMap|ConcurrentHashMap|ConcurrentMap|List|ArrayList|Set|Queue|Deque|CopyOnWriteArrayList)<[^=;]*>\s+(\w+)\s*=\s*(?:new|Collections\.synchronized|List\.of\(\)|ConcurrentHashMap)/gm,
      written: (name) =>
        new RegExp(
          String.raw`(?:this\.)?\b${name}\.(?:put|add|remove|offer|poll|clear|compute\w*|merge|putIfAbsent)\(`,
        ),
    },
    {
      declared: /^\s+(?:(?:private|public|protected|static|final)\s+)+(?:AtomicLong|AtomicInteger)\s+(\w+)\s*=/gm,
      written: (name) => new RegExp(String.raw`\b${name}\.(?:increment|getAnd|add|set)`),
    },
  ],
  ruby: [
    {
      declared: /^\s*((?:\$|@@)\w+|[A-Z][A-Z_]+)\s*=\s*(?:\[|\{|Hash\.new|Array\.new|Concurrent::)/gm,
      written: (name) =>
        new RegExp(
          String.raw`(?<!\w)${name.replace('$', '\\$')}(?:\s*<<|\[[^\]\n]+\]\s*(?:=(?!=)|\+=)|\.(?:push|delete|store|clear|reject!|delete_if)\b)`,
        ),
    },
  ],
  rust: [
    {
      declared:
        /(?:static\s+(?:ref\s+)?|let\s+)(\w+)\s*(?::[^=;]*)?=?\s*[^;\n]*(?:Mutex|RwLock|DashMap)(?:<|::new\()\s*(?:HashMap|Vec|BTreeMap|vec!)/g,
      written: () => /\.(?:lock|write)\(\)|\.insert\(/,
    },
  ],
  dotnet: [
    {
      declared:
        /(?:static\s+(?:readonly\s+)?|^var\s+|^\s*(?:private\s+)?static\s+)(?:(?:List|Dictionary|ConcurrentDictionary|ConcurrentBag|HashSet)<[^=;\n]*>\s+)?(\w+)\s*=\s*new\s*(?:\(|(?:List|Dictionary|ConcurrentDictionary|ConcurrentBag|HashSet)<)/gm,
      written: (name) =>
        new RegExp(
          String.raw`\b${name}(?:\.(?:Add|Remove|TryAdd|Clear|Insert|AddOrUpdate|RemoveAll)\(|\[[^\]\n]+\]\s*=(?!=))`,
        ),
    },
  ],
};

/** Variables of a module that its functions fill while they answer requests. */
export function* memoryState(app: Subject): Iterable<Hit> {
  if (!app.serves) return;
  for (const source of app.sources) {
    const handles = HANDLES[source.dialect].test(source.code);
    for (const { name, index } of filled(source)) {
      if (!DATA.test(name.replace(/^[$@]+/, '')) && (!handles || OWN.test(name))) continue;
      yield hitAt(
        source,
        index,
        `${name} is kept in the memory of the process${handles ? ' and written while requests are answered' : ''}`,
        'Keep it in a database or in Redis, which all replicas share.',
      );
    }
  }
}

function* filled({ dialect, code }: Source): Iterable<{ name: string; index: number }> {
  for (const { declared, written } of SHAPES[dialect] ?? []) {
    for (const match of code.matchAll(declared)) {
      const name = match[1] ?? '';
      if (/^__/.test(name)) continue;
      const lead = /^\s*/.exec(match[0])?.[0].length ?? 0;
      const rest = code.slice(0, match.index) + ' '.repeat(match[0].length) + code.slice(match.index + match[0].length);
      if (written(name).test(rest)) yield { name, index: match.index + lead };
    }
  }
}
