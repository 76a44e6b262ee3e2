import {describeFaults} from './injection.js'

describeFaults('file')
