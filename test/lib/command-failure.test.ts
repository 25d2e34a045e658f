import { Args, Command, Flags } from '@oclif/core';
import { expect } from 'chai';
import { describeFailure, toAppError } from '../../src/lib/command-failure.ts';
import { AppError, type Reason } from '../../src/lib/errors.ts';
import { errorTexts } from '../../src/lib/i18n/error-texts.ts';
import { newToken } from '../../src/lib/session/session-token.ts';

const SECRET = 'hunter2';
// Behind a dash, a digit would be a number to oclif, and a letter may be a flag.
const TOKEN = `ZZ${newToken().slice(2)}`;

class Example extends Command {
  static override flags = {
    email: Flags.string(),
    rol: Flags.string({ options: ['HUESPED', 'ANFITRION'] }),
    yes: Flags.boolean({ char: 'y' }),
  };
  static override args = { id: Args.string({ required: true, ignoreStdin: true }) };

  async run(): Promise<void> {
    await this.parse(Example);
  }
}

describe('what is typed wrongly', () => {
  const cases: [string[], Reason, object][] = [
    [['--hunter', 'x'], 'unknown_flag', { flag: '--hunter' }],
    [[`--password=${SECRET}`, 'x'], 'unknown_flag', { flag: '--password' }],
    [[`-p${SECRET}`, 'x'], 'unknown_flag', {}],
    [['-p', SECRET, 'x'], 'unknown_flag', { flag: '-p' }],
    [[`--${SECRET}`, 'x'], 'unknown_flag', {}],
    [[`--${TOKEN}`, 'x'], 'unknown_flag', {}],
    [[`-${TOKEN}`, 'x'], 'unknown_flag', {}],
    [[`-${TOKEN.slice(1)}`, 'x'], 'token_as_argument', {}],
    [['x', SECRET], 'unexpected_argument', {}],
    [['x', TOKEN], 'unexpected_argument', {}],
    [[], 'missing_argument', { name: 'ID' }],
    [['x', '--email'], 'missing_value', { flag: '--email' }],
    [['x', '--rol', SECRET], 'invalid_value', { flag: '--rol', expected: 'HUESPED, ANFITRION' }],
    [['x', `--rol=${TOKEN}`], 'invalid_value', { flag: '--rol', expected: 'HUESPED, ANFITRION' }],
    [['x', `--rol=a to be one of: ${SECRET}\n`], 'invalid_value', { expected: 'HUESPED, ANFITRION' }],
    [['x', '--email', SECRET, '--email', SECRET], 'conflicting_flags', { flags: '--email' }],
  ];
  for (const [argv, reason, params] of cases) {
    it(`is ${reason}, and not repeated: ${JSON.stringify(argv).slice(0, 50)}`, async () => {
      const thrown = await Example.run(argv, { root: __dirname }).catch((error: unknown) => error);
      const failure = toAppError(thrown, 'example');
      expect(failure.reason).to.equal(reason);
      expect(failure.exitCode).to.equal(2);
      expect(failure.params).to.include(params);
      expect(failure.cause).to.equal(undefined);
      for (const language of ['en', 'es'] as const) {
        const said = JSON.stringify([describeFailure(failure, language), failure.params]);
        expect(said).not.to.include(SECRET).and.not.to.include(TOKEN);
      }
    });
  }
});

describe('a failure', () => {
  it('that is ours stays what it is', () => {
    const failure = new AppError('expired');
    expect(toAppError(failure, 'whoami')).to.equal(failure);
  });

  it('that is none of ours is internal, whatever was thrown, and says nothing of it', () => {
    for (const thrown of [
      new Error(SECRET),
      new TypeError(SECRET),
      SECRET,
      undefined,
      null,
      5,
      { message: SECRET },
    ]) {
      const failure = toAppError(thrown, 'whoami');
      expect([failure.reason, failure.exitCode]).to.deep.equal(['internal', 1]);
      expect(JSON.stringify(describeFailure(failure, 'en'))).not.to.include(SECRET);
    }
  });

  it('is told with code, reason, message and hint, and the names that scripts go by', () => {
    const failure = new AppError('unreachable', { engine: 'redis', detail: 'ECONNREFUSED' });
    expect(describeFailure(failure, 'en')).to.deep.equal({
      code: 69,
      reason: 'unreachable',
      message: 'Redis cannot be reached: connection refused (ECONNREFUSED).',
      hint: 'Check that it runs and that REDIS_URL names it: "airbnb doctor" tells more.',
      engine: 'redis',
    });
    const named = new AppError('unreachable', { ...failure.params, server: 'redis://127.0.0.1:6379/0' });
    expect(describeFailure(named, 'en').message).to.equal(
      'Redis cannot be reached at redis://127.0.0.1:6379/0: connection refused (ECONNREFUSED).',
    );
    expect(describeFailure(named, 'es').message).to.equal(
      'No se puede llegar a Redis en redis://127.0.0.1:6379/0: conexión rechazada (ECONNREFUSED).',
    );
    const strange = new AppError('refusing_work', {
      engine: 'postgres',
      detail: 'XX000',
      server: 'db:1/\u001b[31m',
    });
    expect(describeFailure(strange, 'en').message).to.equal(
      'PostgreSQL answers but refuses the work at db:1/\ufffd[31m (XX000).',
    );
    expect(describeFailure(new AppError('declined'), 'es')).to.include({
      code: 1,
      reason: 'declined',
      hint: null,
    });
    expect(describeFailure(new AppError('empty_setting', { setting: 'REDIS_URL' }), 'es')).to.include({
      setting: 'REDIS_URL',
    });
  });

  it('has words in both languages for every reason, whatever is known of it', () => {
    for (const language of ['en', 'es'] as const) {
      for (const reason of Object.keys(errorTexts[language]) as Reason[]) {
        const { message, hint } = describeFailure(new AppError(reason), language);
        expect(message, `${reason} in ${language}`).to.match(/^\S[\s\S]*[.:]$/);
        expect(hint === null || hint.length > 0).to.equal(true);
      }
    }
  });

  it('is told without a token that found its way into it', () => {
    const failure = new AppError('token_file_unsafe', { path: `/home/ana/${TOKEN}`, problem: 'open_bits' });
    expect(JSON.stringify(describeFailure(failure, 'en'))).not.to.include(TOKEN);
  });
});
