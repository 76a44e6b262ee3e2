// The workflows cannot run here, so they are read: by GitHub's own language service, which knows what a workflow may say,
// and for what we want of them. What they run is scripts of ours, which run anywhere.
import {validate} from '@actions/languageservice'
import {expect} from 'chai'
import {existsSync, readdirSync, readFileSync} from 'node:fs'
import {writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {TextDocument} from 'vscode-languageserver-textdocument'
import {parse} from 'yaml'
import {REPOSITORY} from './support/npm.js'
import {openSandbox, type Sandbox} from './support/sandbox.js'

interface Step {
  uses?: string
  run?: string
  with?: Record<string, unknown>
}

interface Job {
  'runs-on': string
  'timeout-minutes'?: number
  permissions?: Record<string, string>
  strategy?: {matrix: {node: number[]}}
  steps: Step[]
}

interface Workflow {
  permissions?: Record<string, string>
  concurrency?: {group: string}
  jobs: Record<string, Job>
}

const FOLDER = join(REPOSITORY, '.github', 'workflows')
const texts = Object.fromEntries(readdirSync(FOLDER).map((name) => [name, readFileSync(join(FOLDER, name), 'utf8')]))
const manifest = JSON.parse(readFileSync(join(REPOSITORY, 'package.json'), 'utf8')) as {
  version: string
  scripts: Record<string, string>
}

let documents = 0

async function complaints(name: string, text: string): Promise<string[]> {
  // What has been under an address once, the service does not read again.
  documents += 1
  const found = await validate(TextDocument.create(`file:///${documents}/${name}`, 'yaml', 1, text))
  return found.map(({message, range}) => `${name}:${range.start.line + 1}: ${JSON.stringify(message)}`)
}

describe('the workflows', () => {
  it('are those of every change and of a release', () => {
    expect(Object.keys(texts)).to.deep.equal(['ci.yml', 'release.yml'])
  })

  for (const [name, text] of Object.entries(texts))
    describe(name, () => {
      const workflow = parse(text) as Workflow
      const jobs = Object.entries(workflow.jobs)
      const steps = jobs.flatMap(([, job]) => job.steps)

      it('is what GitHub takes for a workflow', async () => {
        expect(await complaints(name, text)).to.deep.equal([])
      })

      it('pins every action by its full hash, with the version beside it', () => {
        const uses = text.split('\n').filter((line) => /\buses:/u.test(line))
        expect(uses)
          .to.have.lengthOf(steps.filter((step) => step.uses).length)
          .and.not.to.have.lengthOf(0)
        for (const line of uses) expect(line).to.match(/uses: [\w-]+\/[\w-]+@[\da-f]{40} # v\d+\.\d+\.\d+$/u)
      })

      it('may read the repository, and keeps no credentials for it', () => {
        expect(workflow.permissions).to.deep.equal({contents: 'read'})
        for (const {with: options} of steps.filter(({uses}) => uses?.startsWith('actions/checkout@')))
          expect(options).to.include({'persist-credentials': false})
      })

      it('lets no job run for ever, and no two runs at once for the same thing', () => {
        for (const [id, job] of jobs) expect(job['timeout-minutes'], id).to.be.within(1, 60)
        expect(workflow.concurrency?.group).to.be.a('string')
      })

      it('runs scripts of ours alone', () => {
        for (const {run} of steps) {
          if (run === undefined || run === 'npm ci --ignore-scripts') continue
          const [, script = ''] = /^npm run ([\w:]+)$/u.exec(run) ?? []
          const [, file = ''] = /^sudo env "PATH=\$PATH" CI=true bash (\S+)$/u.exec(run) ?? []
          expect(script in manifest.scripts || (file !== '' && existsSync(join(REPOSITORY, file))), run).to.equal(true)
        }
      })

      it('lets the job that publishes prove who it is, and no other', () => {
        const more = jobs.filter(([, {permissions}]) => permissions).map(([id, {permissions}]) => [id, permissions])
        const publish = ['publish', {contents: 'read', 'id-token': 'write'}]
        expect(more).to.deep.equal(name === 'release.yml' ? [publish] : [])
        expect(text).not.to.match(/secrets\./u)
      })
    })

  it('try Node 20, 22 and 24 on Linux, and on the keychains of macOS, Windows and WSL', () => {
    const {jobs} = parse(texts['ci.yml'] ?? '') as Workflow
    for (const id of ['linux', 'keychain']) expect(jobs[id]?.strategy?.matrix.node, id).to.deep.equal([20, 22, 24])
    expect(jobs.linux?.steps.at(-1)?.run).to.match(/bash \.ci\/run$/u)
    expect(jobs.keychain?.strategy?.matrix).to.deep.include({os: ['macos-15', 'windows-2025']})
    expect(jobs.keychain?.steps.flatMap(({run}) => run ?? [])).to.deep.equal([
      'npm ci --ignore-scripts',
      'npm run test:real',
      'npm run test:login',
    ])
    expect(jobs.wsl).to.deep.include({'runs-on': 'windows-2025'})
    expect(jobs.wsl?.steps.at(-1)?.run).to.equal('npm run test:wsl')
  })
})

describe('the check of the workflows', () => {
  const planted: Record<string, [from: string, to: string, complaint: RegExp]> = {
    'a key that there is not': ['timeout-minutes:', 'timeout-minute:', /timeout-minute/u],
    'an expression that says nothing': ['${{ matrix.node }}', '${{ matrix.nodes }}', /nodes/u],
    'a function that there is not': ['${{ matrix.node }}', '${{ latest(matrix.node) }}', /latest/u],
    'a permission that there is not': ['contents: read', 'contents: reed', /reed/u],
    'an event that there is not': ['pull_request:', 'pull_requests:', /pull_requests/u],
    'a schedule that is none': ['17 4 * * 1', '17 4 * *', /cron/iu],
    'what is no YAML': ['jobs:', 'jobs: [', /./u],
  }
  for (const [what, [from, to, complaint]] of Object.entries(planted))
    it(`sees ${what}`, async () => {
      const text = texts['ci.yml'] ?? ''
      expect(text).to.include(from)
      const found = await complaints('ci.yml', text.replace(from, to))
      expect(found.join('\n')).to.match(complaint)
    })
})

describe('npm run release', () => {
  let sandbox: Sandbox
  const address = {GITHUB_SERVER_URL: 'https://github.example', GITHUB_REPOSITORY: 'ada/engine'}

  beforeEach(async () => {
    sandbox = openSandbox()
    await writeFile(join(sandbox.home, 'package.json'), JSON.stringify({name: 'engine', version: '1.2.3'}))
    await writeFile(join(sandbox.bin, 'npm'), '#!/bin/sh\necho "$@"\ncat package.json\n', {mode: 0o755})
  })
  afterEach(() => sandbox.close())

  const release = (env: Record<string, string>, ...args: string[]) =>
    sandbox.run('node', [join(REPOSITORY, 'scripts', 'release.js'), ...args], {env})

  it('publishes with provenance what the tag names, under the address that the provenance will say', async () => {
    const {exitCode, stdout} = await release({...address, GITHUB_REF_NAME: 'v1.2.3'})
    const [command = '', ...published] = stdout.split('\n')
    expect(command).to.equal('publish --access public --provenance')
    expect(JSON.parse(published.join('\n'))).to.deep.equal({
      name: 'engine',
      version: '1.2.3',
      repository: {type: 'git', url: 'git+https://github.example/ada/engine.git'},
      bugs: {url: 'https://github.example/ada/engine/issues'},
      homepage: 'https://github.example/ada/engine#readme',
    })
    expect(exitCode).to.equal(0)
  })

  it('publishes nothing where the tag names another version', async () => {
    expect(await release({...address, GITHUB_REF_NAME: 'v1.2.4'})).to.deep.equal({
      stdout: '',
      stderr: 'not released: the tag is v1.2.4, and the version in package.json is 1.2.3\n',
      exitCode: 1,
    })
  })

  it('publishes nothing by hand', async () => {
    const {exitCode, stderr, stdout} = await release({})
    expect({exitCode, stdout}).to.deep.equal({exitCode: 1, stdout: ''})
    expect(stderr).to.match(/^not released: a release is made by the workflow/u)
  })

  it('can be rehearsed anywhere', async () => {
    expect((await release({}, '--dry-run')).stdout.split('\n')[0]).to.equal('publish --access public --dry-run')
  })
})
