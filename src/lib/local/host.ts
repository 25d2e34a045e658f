import { isMainThread } from 'node:worker_threads';
import { EngineHost } from './engine-host.ts';
import { readHostArguments } from './host-options.ts';

/*
 * The process that runs the embedded engines, and the thread in it that runs PostgreSQL: one script for both.
 */

if (isMainThread) {
  void EngineHost.run(__filename, readHostArguments(process.argv.slice(2)));
} else {
  void import('./postgres-worker.ts').then(({ runPostgresWorker }) => runPostgresWorker());
}
