// The tests run as compiled: worker threads and the command line are then the very files that ship.
import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'
import { CountEngines } from './dist/test/support/count-engines.js'
import { haveCluster } from './dist/test/support/programs.js'

const TESTS = ['dist/src/**/*.test.js', 'dist/test/**/*.test.js']

// What a user sees, whatever engine is behind it: run once for each. All others are pure, or name their engine.
const PER_ENGINE = [
  'dist/test/imap/{transcripts,session,interleaving,collected,ending,search-text,store-away,plaintext,lost-body}.test.js',
  'dist/test/mail/{accounts,authenticate,reading,search,source}.test.js',
  'dist/test/smtp/maildrop.test.js',
  'dist/test/http/*.test.js',
  'dist/test/clients/*.test.js',
  'dist/test/corpus/bytes.test.js',
  'dist/test/{sessions,command-line}.test.js',
]

const mongodb = {
  extends: true,
  test: {
    name: 'MongoDB',
    include: PER_ENGINE,
    env: { EIDER_TEST_ENGINE: 'MongoDB' },
  },
} as const

export default defineConfig(() => ({
  test: {
    expect: { poll: { timeout: 20_000 } },
    testTimeout: 60_000,
    hookTimeout: 60_000,
    pool: 'forks',
    // Beside a mongod and what is killed and timed with it, one processor less, as is Vitest's own rule.
    ...(haveCluster() ? {} : { maxWorkers: availableParallelism() }),
    globalSetup: ['dist/test/support/global-setup.js'],
    reporters: ['default', new CountEngines()],
    projects: [
      { extends: true, test: { name: 'other', include: TESTS, exclude: PER_ENGINE } },
      { extends: true, test: { name: 'SQLite', include: PER_ENGINE } },
      ...(haveCluster() ? [mongodb] : []),
    ],
  },
}))
