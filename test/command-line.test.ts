// The eider command, as a script uses it: on a running server through its control socket, and on a folder that nobody
// holds. One body of steps for both.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { cleanEnvironment, type Finished, MAIN, runEider, startServer, type TestServer } from './server.js'
import { engineName, placeOf } from './support/engine.js'
import { hasProgram, wanted } from './wire/required.js'

for (const where of ['running server', 'folder that nobody holds'] as const) {
  describe(where, () => {
    let server: TestServer | undefined
    let dir = ''
    beforeAll(async () => {
      dir = mkdtempSync(join(tmpdir(), 'eider-cli-'))
      if (where === 'running server') server = await startServer({ dir })
    })
    afterAll(async () => {
      await server?.stop()
      rmSync(dir, { recursive: true, force: true })
    })

    const eider = (args: string, input?: string): Promise<Finished> =>
      runEider(['--data', dir, ...args.split(' ')], input === undefined ? {} : { input })
    const json = async (args: string, input?: string) => {
      const { code, stdout, stderr } = await eider(`${args} --json`, input)
      expect({ code, stderr }).toEqual({ code: 0, stderr: expect.any(String) })
      return JSON.parse(stdout)
    }

    test('user add, list, show', async () => {
      const added = await eider(
        'user add anna --password-stdin --address anna@example.com --quota 5MiB',
        'secret\n',
      )
      const isFirst = server === undefined && engineName() === 'SQLite'
      expect(added).toMatchObject({ code: 0, stderr: isFirst ? `Made a new mail store in ${dir}.\n` : '' })
      expect(added.stdout).toContain('anna@example.com (main)')
      expect(await json('user list')).toMatchObject([
        { username: 'anna', ownQuota: 5 * 2 ** 20, storageUsed: 0 },
      ])
      expect(await json('user show ANNA@EXAMPLE.COM')).toMatchObject({ username: 'anna' })
    })

    test('what is refused says why and exits with 1', async () => {
      expect(await eider('user add Anna --password-stdin', 'x')).toMatchObject({
        code: 1,
        stderr: expect.stringContaining('exists already'),
      })
      expect(await eider('user show nobody')).toMatchObject({
        code: 1,
        stderr: 'eider: there is no such user\n',
      })
      const { stderr } = await eider('user show nobody --json')
      expect(JSON.parse(stderr)).toEqual({
        error: { code: 'no-such-account', message: 'there is no such user' },
      })
    })

    test('an account whose address is refused is not made', async () => {
      expect(await eider('user add berta --password-stdin --address anna@example.com', 'x')).toMatchObject({
        code: 1,
      })
      expect(await eider('user show berta')).toMatchObject({ code: 1 })
      expect(await eider('user add berta --password-stdin --address berta@example.com', 'x')).toMatchObject({
        code: 0,
      })
    })

    test('a password never comes from the arguments', async () => {
      expect(await eider('user add carl --password secret')).toMatchObject({ code: 2 })
      expect(await eider('user add carl')).toMatchObject({
        code: 2,
        stderr: expect.stringContaining('--password-stdin'),
      })
      expect(await eider('user password anna --password-stdin', '')).toMatchObject({ code: 1 })
      expect(await eider('user password anna --password-stdin', 'new\n')).toMatchObject({ code: 0 })
    })

    test('user quota', async () => {
      expect(await json('user quota anna 1GiB')).toEqual({
        username: 'anna',
        previousQuota: 5 * 2 ** 20,
        quota: 2 ** 30,
      })
      expect(await json('user quota anna default')).toMatchObject({ previousQuota: 2 ** 30, quota: 0 })
      expect(await json('user quota anna --recount')).toMatchObject({
        previousStorageUsed: 0,
        storageUsed: 0,
      })
      expect(await eider('user quota anna much')).toMatchObject({
        code: 2,
        stderr: expect.stringContaining('much is no size'),
      })
      // To others 0 is no limit, to the store the default.
      expect(await eider('user quota anna 0')).toMatchObject({
        code: 2,
        stderr: expect.stringContaining('0 is no size'),
      })
      expect(await eider('user quota anna')).toMatchObject({ code: 2 })
      expect(await eider('user quota anna 5MiB --recount')).toMatchObject({ code: 2 })
    })

    test('address add, list, remove', async () => {
      expect(await eider('address add anna андрис@уайлддак.орг --main')).toMatchObject({ code: 0 })
      expect(await eider('address add anna anna+label@example.com')).toMatchObject({ code: 1 })
      const listed = await json('address list anna')
      expect(listed).toMatchObject([
        { address: 'anna@example.com', main: false },
        { address: 'андрис@уайлддак.орг', main: true },
      ])
      expect(await eider('address remove андрис@xn--80aalaxjd5d.xn--c1avg')).toMatchObject({ code: 0 })
      expect(await json('address list')).toHaveLength(2)
      expect(await eider('address remove nobody@example.com')).toMatchObject({ code: 1 })
    })

    test('token create, list, revoke', async () => {
      const { id, token } = await json('token create backup')
      expect(token).toMatch(/^eider_[A-Za-z0-9_-]{43}$/)
      const listed = await eider('token list --json')
      expect(JSON.parse(listed.stdout)).toMatchObject([{ id, label: 'backup' }])
      expect(listed.stdout).not.toContain(token)
      expect(await eider(`token revoke ${id}`)).toMatchObject({ code: 0 })
      expect(await json('token list')).toEqual([])
      expect(await eider(`token revoke ${id}`)).toMatchObject({ code: 1 })
    })

    test('mailbox list', async () => {
      const uses = Object.fromEntries(
        (await json('mailbox list anna')).map((box: { path: string; specialUse: string }) => [
          box.path,
          box.specialUse,
        ]),
      )
      expect(uses).toEqual({
        INBOX: null,
        'Sent Mail': '\\Sent',
        Drafts: '\\Drafts',
        Junk: '\\Junk',
        Trash: '\\Trash',
        Archive: '\\Archive',
      })
    })

    test('check', async () => {
      expect(await json('check')).toEqual({ findings: 0, repaired: 0 })
    })

    test('user remove frees the name', async () => {
      expect(await eider('user remove berta')).toMatchObject({ code: 0 })
      expect(await eider('user show berta@example.com')).toMatchObject({ code: 1 })
      expect(await eider('user add berta --password-stdin --address berta@example.com', 'y')).toMatchObject({
        code: 0,
      })
    })

    test('what is kept in the folder is readable by its owner alone', () => {
      expect(statSync(dir).mode & 0o077).toBe(0)
      const kept = readdirSync(dir)
      if (engineName() === 'SQLite') expect(kept).toEqual(expect.arrayContaining(['eider.db', 'lock']))
      else if (server === undefined) expect(kept).toEqual([])
      for (const name of kept) expect(statSync(join(dir, name)).mode & 0o077).toBe(0)
    })
  })
}

// What cannot be parsed is refused before any place is looked at.
test('wrong usage is told as JSON too', async () => {
  for (const wrong of ['user show', 'frob', 'user frob', 'user quota anna', 'user list --set foo=1']) {
    const { code, stderr } = await runEider([...wrong.split(' '), '--json'])
    expect([code, JSON.parse(stderr)]).toMatchObject([2, { error: { code: 'usage' } }])
  }
})

test('so is a subcommand that is missing, without the help that people get', async () => {
  for (const command of [[], ['user']]) {
    const missing = await runEider(['--json', ...command])
    expect(missing).toMatchObject({ code: 2, stdout: '' })
    expect(JSON.parse(missing.stderr)).toEqual({
      error: { code: 'usage', message: 'a subcommand is needed; --help lists them' },
    })
  }
  expect(await runEider(['user'])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('Usage: eider user'),
  })
})

test('config show says where each value was set', async () => {
  const args = ['config', 'show', '--json', '--set', 'imap.listen=off']
  const { code, stdout } = await runEider(args, { env: { EIDER_QUOTA_DEFAULT: '2GiB' } })
  expect(code).toBe(0)
  expect(JSON.parse(stdout)).toMatchObject({
    'imap.listen': { value: 'off', origin: '--set' },
    'quota.default': { value: '2GiB', origin: 'environment EIDER_QUOTA_DEFAULT' },
    'message.maxSize': { value: '64MiB', origin: 'default' },
  })
})

test('a mistake in the configuration exits with 2 and names it', async () => {
  expect(await runEider(['serve', '--set', 'imap.lisen=off'])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('imap.lisen'),
  })
  expect(await runEider(['user', 'list'], { env: { EIDER_FOO: '1' } })).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('EIDER_FOO'),
  })
  expect(await runEider(['no-such-command'])).toMatchObject({ code: 2 })
})

test('a command makes no data folder: an embedded store is missed, a cluster needs none', async () => {
  const listed = await runEider(['user', 'list', '--data', '/nonexistent/eider', '--json'])
  expect(existsSync('/nonexistent')).toBe(false)
  if (engineName() === 'MongoDB') expect(listed).toMatchObject({ code: 0, stdout: '[]\n' })
  else expect(listed).toMatchObject({ code: 1, stderr: expect.stringContaining('no mail store in') })
})

/** What the terminal shows while a shell runs the line, and a question is answered with no. */
async function atTerminal(line: string): Promise<string> {
  const child = spawn('script', ['-qec', `stty cols 80; ${line}`, '/dev/null'], { env: cleanEnvironment() })
  let shown = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    shown += text
    if (text.includes('No')) child.stdin.write('n')
  })
  await once(child, 'close')
  return shown
}

const noScript = wanted(hasProgram('script'), 'script (util-linux)', 'questions at a terminal')
test.skipIf(noScript !== '')(`who types is asked, wherever the output goes${noScript}`, async () => {
  const dir = mkdtempSync(join(tmpdir(), 'eider-cli-'))
  try {
    await runEider(['user', 'add', 'anna', '--password-stdin', '--data', dir], { input: 'secret' })
    const set = Object.entries((await placeOf(dir)).set).map(([key, value]) => `--set '${key}=${value}'`)
    const eider = [process.execPath, MAIN, '--json', '--data', dir, ...set].join(' ')
    expect(await atTerminal(`${eider} user remove anna > ${dir}/out`)).toContain('Remove anna')
    expect(readFileSync(join(dir, 'out'), 'utf8')).toBe('')
    expect(await runEider(['user', 'show', 'anna', '--data', dir])).toMatchObject({ code: 0 })
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
})

// Of a cluster there is nothing to say.
const onSqlite = engineName() === 'SQLite' ? test : () => {}
const asNobody = wanted(process.getuid?.() === 0, 'root', 'a data folder of another user')
onSqlite(`what another user may not read is not told to be missing${asNobody}`, async (context) => {
  if (asNobody !== '') context.skip()
  const dir = mkdtempSync(join(tmpdir(), 'eider-cli-'))
  const elsewhere = mkdtempSync(join(tmpdir(), 'eider-cli-'))
  try {
    chmodSync(elsewhere, 0o755)
    await runEider(['user', 'add', 'anna', '--password-stdin', '--data', dir], { input: 'secret' })
    const nobody = ['--import', 'data:text/javascript,process.setuid(65534)'].join(' ')
    const env = { NODE_OPTIONS: nobody }
    for (const [data, why] of [
      [dir, `EACCES: permission denied, stat '${dir}/eider.db'`],
      [elsewhere, `cannot lock ${elsewhere} as user 65534: unable to open database file`],
    ] as const) {
      const args = ['user', 'add', 'berta', '--password-stdin', '--data', data]
      expect(await runEider(args, { input: 'secret', env })).toMatchObject({
        code: 1,
        stderr: `eider: ${why}\n`,
      })
    }
  } finally {
    for (const one of [dir, elsewhere]) rmSync(one, { recursive: true, force: true })
  }
})

onSqlite('an embedded store loads nothing of the cluster', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'eider-cli-'))
  try {
    // Where it is asked for coverage, node writes down all that it has loaded.
    const loaded = join(dir, 'loaded')
    const args = ['user', 'add', 'anna', '--password-stdin', '--data', dir]
    await runEider(args, { input: 'secret', env: { NODE_V8_COVERAGE: loaded } })
    const urls = readdirSync(loaded)
      .flatMap((name) => JSON.parse(readFileSync(join(loaded, name), 'utf8')).result)
      .map(({ url }: { url: string }) => url)
    expect(urls).toContainEqual(expect.stringContaining('/store/sqlite/sqlite-store.js'))
    expect(urls.filter((url) => /\/(?:mongo|gridfs|redis|mongodb|@redis)\//.test(url))).toEqual([])
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
})
