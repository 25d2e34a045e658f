import { readFile } from 'node:fs/promises';
import { dirname, join, sep } from 'node:path';
import type { Plugin } from 'esbuild';
import { Redis } from 'ioredis';

/** A change of source text while it is bundled. It tells how often it found what it rewrites. */
interface Rewrite {
  readonly name: string;
  /** Path of the files, from node_modules or the root of the project on, with `/`. */
  readonly files: RegExp;
  /** Found less often than this, it is of no use any more, and the build fails. */
  readonly atLeast: number;
  readonly apply: (source: string) => { readonly source: string; readonly found: number };
}

/** What changes the first place that it finds. */
const replacing =
  (found: string | RegExp, replacement: string): Rewrite['apply'] =>
  (source) => {
    const rewritten = source.replace(found, replacement);
    return { source: rewritten, found: Number(rewritten !== source) };
  };

/**
 * Turns what modules require at their head into getters that require at first use: of oclif and ioredis `whoami`
 * uses a tenth, and of Kysely a login as much. TypeScript writes `const node_fs_1 = require("node:fs");`, perhaps inside
 * of `__importDefault`.
 */
const lazyRequires: Rewrite = {
  name: 'lazy requires',
  files: /^node_modules\/(@oclif\/core|ioredis|kysely)\/.*\.js$/,
  atLeast: 100,
  apply(source) {
    const names: string[] = [];
    const head =
      /^(?:const|var|let) (\w+_\d+) = ((?:__importDefault|__importStar)?\(?require\("[^"]+"\)\)?);$/gm;
    let rewritten = source.replace(head, (_, name: string, required: string) => {
      names.push(name);
      return `let $${name}; const get_${name} = () => ($${name} ??= ${required});`;
    });
    // What only passes a module on, as `Redis.Cluster = cluster_1.default;`, must not load it either.
    rewritten = rewritten.replace(
      /^(\w+)\.(\w+) = (\w+_\d+)\.default;$/gm,
      'Object.defineProperty($1, "$2", { enumerable: true, configurable: true, get: () => $3.default });',
    );
    for (const name of names) {
      rewritten = rewritten.replace(new RegExp(`(?<![\\w.$])${name}(?![\\w$])`, 'g'), `(get_${name}())`);
    }
    return { source: rewritten, found: names.length };
  },
};

/**
 * The same for our own use of functions of crypto, of tty and net, with which Node loads streams, and of timers that
 * few commands wait for, and for assert in redis-errors.
 */
const lazyBuiltins: Rewrite = {
  name: 'lazy builtins',
  files: /^src\/lib\/|^node_modules\/redis-errors\//,
  atLeast: 1,
  apply(source) {
    let found = 0;
    const lazily = (imported: string, module: string) => {
      found++;
      const [name, ours = name] = imported.split(' as ');
      return `const ${ours} = (...args: any[]) => (require('${module}') as any).${name}(...args);`;
    };
    const rewritten = source
      .replace(
        /^import \{ ([a-z][\w, ]+) \} from '(node:(?:crypto|tty|net|timers\/promises))';$/gm,
        (_, names: string, module: string) =>
          names
            .split(', ')
            .map((name) => lazily(name, module))
            .join(' '),
      )
      .replace(/^const assert = require\('assert'\)$/gm, () => {
        found++;
        return "const assert = Object.assign((...args) => require('assert')(...args), { strictEqual: (...args) => require('assert').strictEqual(...args) })";
      });
    return { source: rewritten, found };
  },
};

/**
 * ioredis gives a prototype its 480 methods one by one, and reads a table of all commands for their names. A command
 * calls three or four of them, so each is made when it is first asked for: the garbage collector then has nothing to do.
 */
const methodsAtFirstUse: Rewrite = {
  name: "ioredis' methods at first use",
  files: /^node_modules\/ioredis\/built\/utils\/Commander\.js$/,
  atLeast: 2,
  apply(source) {
    let found = 0;
    const allAtOnce =
      /const commands = commands_1\.list\.filter\(.*\);\s+commands\.push\("sentinel"\);\s+commands\.forEach\(function \(commandName\) \{\s+Commander\.prototype\[commandName\] = generateFunction\([^)]*\);\s+Commander\.prototype\[commandName \+ "Buffer"\] = generateFunction\([^)]*\);\s+\}\);/;
    const names = Redis.prototype.getBuiltinCommands().join(' ');
    const rewritten = source
      .replace(allAtOnce, () => {
        found++;
        return `const names = " ${names} ";
        Object.setPrototypeOf(Commander.prototype, new Proxy({}, {
          get(methods, key) {
            if (key in methods || typeof key === "symbol") return methods[key];
            const name = key.endsWith("Buffer") ? key.slice(0, -6) : key;
            if (!names.includes(" " + name + " ")) return undefined;
            return methods[key] = generateFunction(key, name, name === key ? "utf8" : null);
          },
        }));`;
      })
      .replace('return commands.slice(0);', () => {
        found++;
        return 'return names.trim().split(" ");';
      });
    return { source: rewritten, found };
  },
};

/** bin/run.js takes DEBUG away, so that nothing of what debug does is ever done. */
const noDebug: Rewrite = {
  name: 'no debug',
  files: /^node_modules\/debug\/src\/index\.js$/,
  atLeast: 1,
  apply: () => ({
    source: `const silent = Object.assign(() => {}, { enabled: false, extend: () => silent });
      module.exports = Object.assign(() => silent, { enable() {}, enabled: () => false });
      module.exports.default = module.exports;`,
    found: 1,
  }),
};

/**
 * Errors of packages are known by the names of their classes, where identifiers get short ones.
 * @param known those that we ask for
 */
const namesOfErrors = (files: RegExp, known: readonly string[]): Rewrite => ({
  name: 'names of errors',
  files,
  atLeast: known.length,
  apply(source) {
    let found = 0;
    const rewritten = source.replace(/\bclass (\w+Error) extends [^{]+\{/g, (head, name: string) => {
      found += Number(known.includes(name));
      return `${head} static name = "${name}";`;
    });
    return { source: rewritten, found };
  },
});

const namesOfOclifErrors = namesOfErrors(/^node_modules\/@oclif\/core\/.*\.js$/, [
  'CLIError',
  'NonExistentFlagsError',
  'UnexpectedArgsError',
  'RequiredArgsError',
  'ArgInvalidOptionError',
  'FlagInvalidOptionError',
  'FailedFlagValidationError',
]);

const namesOfRedisErrors = namesOfErrors(/^node_modules\/(ioredis|redis-errors)\/.*\.js$/, ['ReplyError']);

/** We print by ourselves: oclif's listener would make Node open a stream that nothing is written to. */
const noStdoutListener: Rewrite = {
  name: 'no listener on stdout',
  files: /^node_modules\/@oclif\/core\/lib\/command\.js$/,
  atLeast: 1,
  apply: replacing(/^process\.stdout\.on\('error', [\s\S]*?^\}\);$/m, ''),
};

/** pg finds out whether it runs at Cloudflare by a `Response`, with which Node loads all of its HTTP client. */
const notAtCloudflare: Rewrite = {
  name: 'not at Cloudflare',
  files: /^node_modules\/pg\/lib\/stream\.js$/,
  atLeast: 1,
  apply: replacing('if (isCloudflareRuntime())', 'if (false)'),
};

/** pg asks for addresses itself for its C library alone. */
const noNameLookup: Rewrite = {
  name: 'no names looked up by pg',
  files: /^node_modules\/pg\/lib\/connection-parameters\.js$/,
  atLeast: 2,
  apply(source) {
    let found = 0;
    const rewritten = source
      .replace("const dns = require('dns')", () => {
        found++;
        return '';
      })
      .replace('dns.lookup(', () => {
        found++;
        return "require('dns').lookup(";
      });
    return { source: rewritten, found };
  },
};

/** pg needs Node's crypto only where the server asks for a password, and bcrypt for a new salt. */
const cryptoAtFirstUse: Rewrite = {
  name: 'crypto at first use',
  files: /^node_modules\/(pg\/lib\/(client|crypto\/sasl)|bcrypt\/bcrypt)\.js$/,
  atLeast: 3,
  apply(source) {
    const required = /^const crypto = (require\('[^']+'\));?$/m.exec(source);
    if (!required) return { source, found: 0 };
    const rewritten = source.replace(required[0], '').replace(/(?<![\w.])crypto\./g, `${required[1]}.`);
    return { source: rewritten, found: 1 };
  },
};

/**
 * pg does what its authentication asks for by Web Crypto, for which Node loads as much again as for crypto, and takes
 * a turn of another thread for each hash. The same by crypto: only PBKDF2 is worth another thread.
 */
const noWebCrypto: Rewrite = {
  name: 'no Web Crypto',
  files: /^node_modules\/pg\/lib\/crypto\/utils\.js$/,
  atLeast: 1,
  apply: (source) => ({
    source: `const { createHash, createHmac, pbkdf2, randomBytes } = require('crypto');
      const md5 = (data) => createHash('md5').update(data).digest('hex');
      const hashByName = (name, data) => createHash(name.replace(/^SHA-/, 'SHA')).update(data).digest();
      module.exports = {
        randomBytes,
        hashByName,
        md5,
        sha256: (data) => hashByName('SHA-256', data),
        hmacSha256: (key, text) => createHmac('sha256', key).update(text).digest(),
        deriveKey: (password, salt, iterations) => new Promise((resolve, reject) => {
          pbkdf2(password, salt, iterations, 32, 'sha256', (error, key) => error ? reject(error) : resolve(key));
        }),
        postgresMd5PasswordHash: (user, password, salt) =>
          'md5' + md5(Buffer.concat([Buffer.from(md5(password + user)), salt])),
      };`,
    found: Number(
      namesExported(source) ===
        'deriveKey hashByName hmacSha256 md5 postgresMd5PasswordHash randomBytes sha256',
    ),
  }),
};

function namesExported(source: string): string | undefined {
  const [, names = ''] = /^module\.exports = \{([^}]*)\}$/m.exec(source) ?? [];
  return names.match(/\w+/g)?.sort().join(' ');
}

/** In a bundle bcrypt does not lie beside its native code any more. */
const bcryptFromItsPackage: Rewrite = {
  name: 'bcrypt from its package',
  files: /^node_modules\/bcrypt\/bcrypt\.js$/,
  atLeast: 1,
  apply: replacing('path.resolve(__dirname)', "path.dirname(require.resolve('bcrypt/package.json'))"),
};

/** What we import of Kysely; a test compares. */
export const OF_KYSELY = ['CompiledQuery', 'Kysely', 'Migrator', 'PostgresDialect', 'sql'];

/** Kysely's index loads all of it, other databases included, to copy what it exports. */
const kyselyAtFirstUse: Rewrite = {
  name: 'Kysely at first use',
  files: /^node_modules\/kysely\/dist\/cjs\/index\.js$/,
  atLeast: OF_KYSELY.length,
  apply(source) {
    let found = 0;
    const rewritten = source.replace(
      /^__exportStar\((require\("(.+)"\)), exports\);$/gm,
      (_, required: string, id: string) => {
        const names = Object.keys(require(join(dirname(require.resolve('kysely')), id)));
        const ours = names.filter((name) => OF_KYSELY.includes(name));
        found += ours.length;
        return ours
          .map(
            (name) =>
              `Object.defineProperty(exports, "${name}", { get: () => ${required}.${name}, enumerable: true });`,
          )
          .join(' ');
      },
    );
    return { source: rewritten, found };
  },
};

/** Nobody listens to what ioredis tells Node's diagnostics channels, of which Node 20 does not say so to ioredis. */
const noTracing: Rewrite = {
  name: 'no tracing',
  files: /^node_modules\/ioredis\/built\/tracing\.js$/,
  atLeast: 1,
  apply: replacing(/^const dc = \(\(\) => \{[\s\S]*?^\}\)\(\);$/m, 'const dc = undefined;'),
};

/** What a module of Node exports by default is the module itself, of which esbuild would copy every property. */
const plainBuiltins: Rewrite = {
  name: 'plain builtins',
  files: /^node_modules\/(env-paths|is-safe-filename|chalk)\//,
  atLeast: 3,
  apply(source) {
    let found = 0;
    const rewritten = source.replace(/^import (\w+) from '(node:\w+)';$/gm, (_, name: string, id: string) => {
      found++;
      return `const ${name} = require('${id}');`;
    });
    return { source: rewritten, found };
  },
};

/** To compare as a language does, V8 loads its tables, which takes as long as all the rest of help. Ids are in ASCII. */
const plainOrder: Rewrite = {
  name: 'plain order of commands',
  files: /^node_modules\/@oclif\/core\/lib\/config\/plugin\.js$/,
  atLeast: 1,
  apply: replacing('a.id.localeCompare(b.id)', '(a.id < b.id ? -1 : 1)'),
};

/** oclif asks whether it is below Windows for what it stores in the home folder of plugins, which we do not have. */
const noWindowsBelow: Rewrite = {
  name: 'no Windows below',
  files: /^node_modules\/@oclif\/core\/lib\/util\/os\.js$/,
  atLeast: 1,
  apply: replacing(/\(await import\('wsl-utils'\)\)\.isWsl \? 'wsl' : /, ''),
};

/** For the bundle that looks for the command. */
export const CLI_REWRITES = [lazyBuiltins];

/** For bundles of commands, which have oclif and ioredis in them. */
export const COMMAND_REWRITES = [
  methodsAtFirstUse,
  noTracing,
  plainBuiltins,
  lazyRequires,
  lazyBuiltins,
  namesOfOclifErrors,
  namesOfRedisErrors,
  noDebug,
  noStdoutListener,
];

/** For the bundle that shows help. */
export const HELP_REWRITES = [
  plainOrder,
  noWindowsBelow,
  plainBuiltins,
  lazyRequires,
  lazyBuiltins,
  namesOfOclifErrors,
  noDebug,
  noStdoutListener,
];

/** For the bundle that has PostgreSQL in it. */
export const DATABASE_REWRITES = [
  notAtCloudflare,
  noNameLookup,
  cryptoAtFirstUse,
  noWebCrypto,
  bcryptFromItsPackage,
  kyselyAtFirstUse,
  lazyRequires,
  lazyBuiltins,
];

/** What makes a bundle start fast, so that the sources need not be written for it. */
export const fastStart = (rewrites: readonly Rewrite[]): Plugin => ({
  name: 'fast-start',
  setup({ onLoad, onStart, onEnd, initialOptions }) {
    const found = new Map<Rewrite, number>();
    const root = initialOptions.absWorkingDir ?? process.cwd();
    onStart(() => found.clear());
    onLoad({ filter: /\.[jt]s$/ }, async ({ path }) => {
      const inPackages = path.lastIndexOf(`${sep}node_modules${sep}`);
      const relative = path.slice(inPackages === -1 ? root.length + 1 : inPackages + 1).replaceAll(sep, '/');
      const applicable = rewrites.filter(({ files }) => files.test(relative));
      if (applicable.length === 0) return undefined;
      let source = await readFile(path, 'utf8');
      for (const rewrite of applicable) {
        const result = rewrite.apply(source);
        source = result.source;
        found.set(rewrite, (found.get(rewrite) ?? 0) + result.found);
      }
      return { contents: source, loader: path.endsWith('.ts') ? 'ts' : 'js' };
    });
    onEnd(() => {
      const gone = rewrites.filter((rewrite) => (found.get(rewrite) ?? 0) < rewrite.atLeast);
      return {
        errors: gone.map(({ name }) => ({ text: `What the rewrite "${name}" looks for is gone.` })),
      };
    });
  },
});
