// The last lines of a test run: how many tests passed on each engine, and "N passed, M failed" for .ci/run. In CI an
// engine on which nothing ran is a failure.

import type { Reporter, TestCase, TestModule } from 'vitest/node'

const ENGINES = ['SQLite', 'MongoDB', 'Redis']

/** By the project that it runs in (vitest.config.ts), or by a title such as "the store contract on MongoDB". */
const isOn = (engine: string, test: TestCase): boolean =>
  test.project.name === engine || test.fullName.includes(` on ${engine}`)

export class CountEngines implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly unknown[]): void {
    const tests = modules.flatMap((module) => [...module.children.allTests()])
    const passed = tests.filter((test) => test.result().state === 'passed')
    const failed = tests.filter((test) => test.result().state === 'failed')
    const broken = modules.filter((module) => !module.ok() && !failed.some((test) => test.module === module))
    for (const { moduleId } of broken) console.log(`could not be run to its end: ${moduleId}`)
    const counts = ENGINES.map((engine) => ({
      engine,
      count: passed.filter((test) => isOn(engine, test)).length,
    }))
    const absent = process.env['CI'] === 'true' ? counts.filter(({ count }) => count === 0) : []
    for (const { engine } of absent) console.log(`no test ran on ${engine}`)
    console.log(`of these, passed: ${counts.map(({ engine, count }) => `${count} on ${engine}`).join(', ')}`)
    const failures = failed.length + broken.length + unhandled.length + absent.length
    console.log(`${passed.length} passed, ${failures} failed`)
  }
}
