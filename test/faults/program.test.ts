import {describeFaults} from './injection.js'

describeFaults('program')
