// The tests run as compiled: worker threads and the command line are then the very files that ship.
import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    globalSetup: ['dist/test/support/global-setup.js'],
    include: ['dist/src/**/*.test.js', 'dist/test/**/*.test.js'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    pool: 'forks',
  },
})
