import {expect} from 'chai'
import {readFileSync, writeFileSync} from 'node:fs'
import {type NetrcFile, openNetrc} from '../../../../src/backends/netrc/netrc-file.js'
import {run} from '../../../../src/process/run.js'
import {refused, shapes} from '../../../fixtures/netrc/shapes.js'
import {freshFolder} from '../../../support/fresh-folder.js'
import {refusalOf} from '../../../support/thrown-by.js'

const hosts = {api: 'api.heroku.com', git: 'git.heroku.com'}
const credential = {account: 'new@example.com', token: 'HRKU-new'}

describe('a .netrc on disk', () => {
  const folder = freshFolder()
  let file: string
  let netrc: NetrcFile

  const open = async (text: string) => {
    file = folder.path('.netrc')
    writeFileSync(file, text, 'latin1')
    netrc = await openNetrc({run, timeoutMs: 5000, file, hosts})
  }
  const bytes = () => readFileSync(file, 'latin1')
  const removeAll = async () => {
    await netrc.removeHosts(Object.values(hosts))
  }

  for (const [what, {text, account, token, without, refusedEdit}] of Object.entries(shapes)) {
    describe(`with ${what}`, () => {
      beforeEach(() => open(text))

      it('is read correctly', async () => {
        const entry = (await netrc.entries()).find(({host}) => host === hosts.api)
        expect({account: entry?.account, token: entry?.token}).to.deep.equal({account, token})
      })

      if (refusedEdit !== undefined) {
        it('is not changed, and the error names the line', async () => {
          for (const verb of [() => netrc.write(credential), removeAll]) {
            const {problem, message} = await refusalOf(verb())
            expect(problem).to.equal('failed')
            expect(message).to.equal(`${file}: line ${refusedEdit} holds a NUL byte`)
          }
          expect(bytes()).to.equal(text)
        })
        return
      }

      it('keeps all other bytes when our entries are removed', async () => {
        await removeAll()
        expect(bytes()).to.equal(without)
      })

      it('returns a written credential, and keeps all other bytes', async () => {
        await netrc.write(credential)
        expect(await netrc.entries()).to.deep.equal(Object.values(hosts).map((host) => ({host, ...credential})))
        await removeAll()
        expect(bytes()).to.equal(without)
      })
    })
  }

  for (const [what, {text, line}] of Object.entries(refused)) {
    it(`is refused with ${what}, and the error names the line but not its content`, async () => {
      await open(text)
      for (const verb of [() => netrc.entries(), () => netrc.write(credential)]) {
        const {problem, message, hint} = await refusalOf(verb())
        expect(problem).to.equal('failed')
        expect(message.startsWith(`${file}: line ${line} `), message).to.equal(true)
        expect(`${message} ${hint ?? ''}`).not.to.match(/SECRET|HRKU|ada@/)
      }
      expect(bytes()).to.equal(text)
    })
  }
})
