// Every error this project can report, in one table: code, sentence, what to do, and the HTTP status a coordinator answers
// with when a client asked for the true verdict. Libraries throw `XaynetError`; docs/ERRORS.md is tested against this table.
// A bundle for a page holds of it only the sentences in sentences.ts, which `npm run errors` takes from here. As long as there are errors.

import { sentenceOf } from '#sentences';

/** What the table says of one error: what happened, what to do about it, and the HTTP status that stands for it. */
export interface ErrorEntry {
  /** What happened, in one sentence. */
  readonly sentence: string;
  /** What the reader can do about it, in one sentence. */
  readonly todo: string;
  /** HTTP status when a coordinator reports it to a client that asked for problem documents. */
  readonly status: number;
}

// One row an error: HTTP status, what happened, what to do.
const ROWS = {
  // bytes: what any decoder can meet
  'decode-truncated': [400, 'The bytes end before the value does.', 'Send the whole value; check for a cut-off transfer.'],
  'decode-trailing': [400, 'Bytes are left over after the value.', 'Send exactly one value; check the announced length.'],
  'decode-length': [400, 'A length or count field contradicts the bytes around it.', 'Check byte order and what the field counts.'],
  'decode-tag': [400, 'The message tag is not 1 (sum), 2 (update) or 3 (sum2).', 'Check that the body is a PET message.'],
  'decode-config': [400, 'A masking configuration holds an unknown id.', 'Use ids of the catalogue; wire ids and REST indices differ.'],
  'decode-duplicate-key': [400, 'A dictionary holds the same key twice.', 'Send each key once.'],
  'decode-number': [
    400,
    'A number is not finite, negative, or too large for this program.',
    'Check the sender; NaN probabilities and counts above 2^53 are refused.',
  ],
  'decode-sign': [400, 'A big integer has a sign other than -1, 0 or 1.', 'Check the offset at which the number is read.'],
  'decode-zero-denominator': [400, 'A fraction has denominator zero.', 'Check the sender; such a model has no value.'],
  'decode-chunk': [400, 'A chunk is malformed.', 'Chunks need 8 bytes of header and at least one byte of data.'],
  'decode-base64': [400, 'The text is not standard base64.', 'Use the alphabet with + and /, percent-encoded in a query.'],
  'decode-hex': [400, 'The text is not an even number of hexadecimal digits.', 'Write two digits a byte.'],
  'length-mismatch': [400, 'A fixed-length byte value has the wrong length.', 'Pass exactly the number of bytes named in the message.'],
  // crypto
  'sealed-box-open-failed': [400, 'The sealed box does not open with this key.', 'Seal to the key of the current round parameters.'],
  'key-unusable': [400, 'An encryption key is a low-order point, so nothing can be sealed to it.', 'Make a fresh key pair.'],
  'signature-invalid': [401, 'The signature does not verify.', 'Sign everything after the signature, up to the announced length.'],
  // models, scalars, masking
  'config-unknown': [500, 'There is no such masking configuration.', 'Use a group, data, bound and model type of the catalogue.'],
  'weight-not-finite': [422, 'A model weight is NaN or infinite.', 'Check the training, or convert with mode "bounded".'],
  'scalar-invalid': [422, 'A scalar must be a finite, non-negative number.', 'Pass for example the number of training examples divided by the largest one.'],
  'rational-invalid': [500, 'A fraction needs integers and a denominator other than zero.', 'Check numerator and denominator.'],
  'model-not-representable': [500, 'A weight of the model does not fit the requested data type.', 'Ask for a wider data type.'],
  'model-length': [422, 'The model has a different number of weights than the round expects.', 'Train the model that the round announces.'],
  'aggregate-model-mismatch': [
    422,
    'The masked vector has another configuration or length than the round.',
    'Mask with the configuration and length of the round parameters.',
  ],
  'aggregate-scalar-mismatch': [422, 'The masked unit has another configuration than the round.', 'Mask with the configuration of the round parameters.'],
  'aggregate-too-many-models': [
    422,
    'The vector configuration cannot hold one more model.',
    'Choose a larger model type (M6, M9, M12) or a smaller update count.',
  ],
  'aggregate-too-many-scalars': [
    422,
    'The unit configuration cannot hold one more scalar.',
    'Choose a larger model type (M6, M9, M12) or a smaller update count.',
  ],
  'aggregate-invalid-object': [422, 'An element of the mask object is not below the group order.', 'Check the masking; elements are reduced modulo the order.'],
  'aggregate-count': [
    500,
    'The count of a restored aggregate is not a positive integer.',
    'Store object and count together, and only when something was added.',
  ],
  'mask-length': [500, 'A mask object has between 0 and 2^32 - 1 elements.', 'Check the model length.'],
  'unmask-no-model': [500, 'There is nothing to unmask: no model was aggregated.', 'Wait for updates.'],
  'unmask-too-many-models': [500, 'More models were aggregated than the vector configuration holds.', 'Choose a larger model type.'],
  'unmask-too-many-scalars': [500, 'More scalars were aggregated than the unit configuration holds.', 'Choose a larger model type.'],
  'unmask-vect-mismatch': [500, 'The mask has another vector configuration or length than the aggregate.', 'Derive masks with the round parameters.'],
  'unmask-unit-mismatch': [500, 'The mask has another unit configuration than the aggregate.', 'Derive masks with the round parameters.'],
  'unmask-invalid-mask': [500, 'An element of the mask is not below the group order.', 'Derive masks with the round parameters.'],
  'unmask-scalar-sum': [500, 'The sum of the scalars is not positive, so there is no mean.', 'Use scalars above the precision of the configuration.'],
  'thread-lost': [500, 'A thread that held a part of a sum has ended.', 'Sum again from the start, or without threads.'],
  // models as people have them
  'tensor-missing': [422, 'A tensor that the manifest names is not there.', 'Give all tensors that the manifest was made of.'],
  'tensor-unexpected': [422, 'There is a tensor that the manifest does not name.', 'Leave it out, or make the manifest anew for all participants.'],
  'tensor-shape': [422, 'A tensor has another shape than it must have.', 'Check that the model is the one that the manifest was made of.'],
  'tensor-dtype': [
    422,
    'A tensor has numbers of a type that does not fit.',
    'Use a Float32Array, Float64Array, Int32Array or BigInt64Array, the one that is named.',
  ],
  'tensor-lossy': [422, 'A number would change when it is put into another data type.', 'Choose a wider data type, or pass lossy: true to round it.'],
  'manifest-invalid': [400, 'The manifest contradicts itself, or is of another version.', 'Take it from manifestOf of a peer, unchanged.'],
  'tensors-file-invalid': [400, 'The bytes are not a file of this format, or were cut off.', 'Write the file again; check the transfer.'],
  'tensors-file-unsupported': [400, 'The file is in order, but holds something that is not read.', 'Convert what is named, or leave it out.'],
  // messages
  'message-size-too-small': [500, 'The maximum message size is below 194 bytes, the smallest that can carry a chunk.', 'Set at least 194, or 0 for unlimited.'],
  'message-too-large': [
    413,
    'The message is larger than its 32-bit length field can say, or than this round allows.',
    'Split it into chunks, or lower the model length.',
  ],
  'message-too-many-chunks': [500, 'The payload needs more than 65535 chunks.', 'Raise the maximum message size.'],
  'chunk-conflict': [
    409,
    'A chunk contradicts the chunks before it: other bytes with the same id, or another opinion on which is the last.',
    'Send the chunks of one message with ids from 0 on and a fresh message id.',
  ],
  'chunk-budget': [
    503,
    'There is no room to keep the chunk until its message is complete.',
    'Send the chunk again a little later, the first chunk of a message first.',
  ],
  'chunk-count': [413, 'The message is cut into more chunks than a payload of its size is taken in.', 'Split into fewer, larger chunks.'],
  'chunk-evicted': [409, 'The message was not finished in time, and its chunks were dropped.', 'Send all chunks again with a fresh message id.'],
  // coordinator: settings and HTTP
  'settings-file-missing': [500, 'There is no settings file at this path.', 'Check the path given with -c.'],
  'settings-file-unreadable': [500, 'The settings file cannot be read.', 'Check that it is a file and that this user may read it.'],
  'settings-format': [500, 'The settings file is of a format that is not read.', 'Write the settings as TOML.'],
  'settings-toml': [500, 'The settings file is not valid TOML.', 'Correct the line that is named.'],
  'settings-invalid': [500, 'The settings cannot be used.', 'Correct each setting that is named; docs/SETTINGS.md lists all of them.'],
  'api-port-in-use': [
    500,
    'Another program listens on this address already.',
    'Stop it, or set the bind_address that is named to another port; port 0 takes any free one.',
  ],
  'api-port-forbidden': [500, 'This user may not listen on this port.', 'Set the bind_address to a port of 1024 or above, and let a proxy own the lower one.'],
  'api-address-unavailable': [
    500,
    'This machine has no such address.',
    'Set api.bind_address to an address of this machine, 127.0.0.1 for this machine only, or 0.0.0.0 for all.',
  ],
  'api-listen-failed': [500, 'The address cannot be listened on.', 'Check api.bind_address and the system error that is named.'],
  'tls-file-unreadable': [
    500,
    'A file of TLS cannot be read.',
    'Check the path in api.tls_…, relative to the working directory, and that this user may read it.',
  ],
  'tls-certificate-invalid': [500, 'A file of TLS does not hold usable certificates.', 'Give PEM certificates, the one of the server first.'],
  'tls-key-invalid': [500, 'The key file of TLS does not hold a usable private key.', 'Give one PEM private key that is not encrypted.'],
  'tls-key-mismatch': [500, 'The private key is not the one of the certificate.', 'Give api.tls_certificate and api.tls_key that were made together.'],
  'admin-unauthorized': [401, 'The request does not carry the token of the administrator.', 'Send Authorization: Bearer with the value of admin.token.'],
  'http-not-found': [
    404,
    'There is no such route.',
    'Ask / (of an agent /openapi.json) which routes there are; those of the protocol are /message, /params, /sums, /seeds and /model.',
  ],
  'http-method-not-allowed': [405, 'The route does not know this method.', 'Use a method that the Allow header names.'],
  'http-pk-missing': [400, 'The query must name exactly one pk.', 'Ask for /seeds?pk=KEY with the base64 of the key, percent-encoded.'],
  'http-body-timeout': [408, 'The body did not arrive in time.', 'Send it again without pausing, or in smaller messages.'],
  'http-rate-limited': [
    429,
    'The address asks more often, or for more bytes, than it may.',
    'Ask again after the seconds that Retry-After names; behind a shared address, ask the operator for larger limits.',
  ],
  'http-busy': [503, 'Too many bytes of messages are under way.', 'Send the message again a little later.'],
  'http-failed': [500, 'The coordinator failed to answer.', 'Try again; if it stays, read the log of the coordinator.'],
  'http-query-invalid': [400, 'A parameter of the query has a value that it cannot have.', 'Correct it; /openapi.json names the parameters of every route.'],
  'http-model-unknown': [404, 'There is no such model.', 'Ask /models which models are kept.'],
  'http-round-unknown': [404, 'There is no record of this round.', 'Ask /rounds which rounds are on record.'],
  'report-invalid': [
    422,
    'The numbers of the application cannot be taken.',
    'Report finite numbers under at most 16 names a round, of lower case letters, digits and _ . -; 64 names in all.',
  ],
  'http-not-acceptable': [
    406,
    'There is no representation of the type or format that was asked for.',
    'Name one that the route has, see /openapi.json, or leave Accept and extension out.',
  ],
  'http-format-unfit': [406, 'The model cannot be given in this format.', 'Ask for f64, or for fractions, which hold every model exactly.'],
  'http-range-invalid': [416, 'The range lies outside of the body.', 'Ask for bytes below the length that Content-Range names.'],
  'http-overloaded': [503, 'The coordinator does as much of this at a time as it will.', 'Ask again a little later.'],
  'starting-up': [503, 'The coordinator is starting.', 'Ask again in a moment.'],
  // participant
  'option-invalid': [500, 'An option has a value that cannot work.', 'Correct the option that the message names.'],
  'random-missing': [500, 'This runtime has no source of secure random bytes.', 'Pass one as the option random: (length) => Uint8Array.'],
  'not-started': [409, 'The participant was stopped before it had begun.', 'Nothing: what is stored stays as it is, and the next start goes on from it.'],
  'participant-busy': [500, 'The participant is still at work on another tick.', 'Await a tick before you start the next one.'],
  'model-round': [409, 'The model was made for another round than the current one.', 'Drop it, and train again when the participant is selected again.'],
  'model-not-wanted': [
    409,
    'The participant takes no model now: it is not selected for update, or has a model already.',
    'Set a model once, after the participant was selected for update.',
  ],
  'round-refused': [
    422,
    'The round asks for something this participant does not do.',
    'Check the coordinator; raise the option named in the message if it is trusted.',
  ],
  'rounds-too-fast': [
    502,
    'The coordinator begins one round after another, faster than anyone can take part.',
    'Check that one coordinator, not several in turn, answers at this URL, and its log; the participant goes on by itself, slowly.',
  ],
  'sums-too-few': [
    422,
    'The sum dictionary has fewer sum participants than this participant demands.',
    'Wait for a larger round, or lower the option minSums.',
  ],
  'sum-not-counted': [
    409,
    'The sum dictionary of the round does not have this participant.',
    'Wait for the next round: its message came too early or too late, or others were drawn.',
  ],
  'sum-key-replaced': [
    409,
    'The sum dictionary of the round has another ephemeral key for this participant.',
    'Give each program keys of its own; if these keys are used once, do not trust this coordinator.',
  ],
  'updates-too-few': [
    422,
    'The seed dictionary has fewer updates than this participant demands, so the sum would expose them.',
    'Wait for a larger round, or lower the option minUpdates.',
  ],
  'seeds-duplicate': [
    422,
    'Two updates carry the same mask seed.',
    'Wait for the next round: an honest participant draws a fresh seed, so somebody replays one.',
  ],
  'callback-failed': [500, 'A function that the application passed in has thrown.', 'See the cause; the participant goes on with the next round.'],
  'transport-url': [500, 'The coordinator URL cannot be used.', 'Give an http or https URL with a host, for example https://coordinator.example/pet.'],
  'transport-insecure': [
    500,
    'Plain HTTP to another machine would let anybody on the way read the models.',
    'Use https, or allow it where the network is trusted: allowInsecure: true, on the command line --allow-insecure.',
  ],
  'transport-unreachable': [
    502,
    'The coordinator cannot be reached.',
    'Check that it runs, the URL and the network; in a page also that its setting api.cors_origins has the origin of the page.',
  ],
  'transport-timeout': [
    504,
    'The coordinator did not answer in time.',
    'Check the network; relax the option named in the message if the coordinator is trusted and only slow.',
  ],
  'transport-status': [
    502,
    'The coordinator answered with an HTTP status that is not part of the protocol, or with an error.',
    'Check that the URL is that of a PET coordinator, and its log.',
  ],
  'transport-busy': [503, 'The coordinator is not ready at the moment.', 'Ask again after the time that it names; participants do so by themselves.'],
  'transport-refused': [502, 'The coordinator refused the request.', 'The message says why.'],
  'transport-pin': [
    502,
    'The coordinator shows a certificate other than the pinned ones.',
    'Somebody is on the way, or the certificate was renewed: ask its operator, and give the new pin only then.',
  ],
  'transport-tls': [502, 'There is no secure connection to the coordinator.', 'The message says what is missing.'],
  'transport-redirect': [502, 'The coordinator answered with a redirection that is not followed.', 'Use the URL that it redirects to.'],
  'transport-not-pet': [502, 'The answer is not that of a PET coordinator.', 'Check the URL: something else answers there.'],
  'transport-too-large': [
    502,
    'The answer is larger than this round can make it.',
    'Check the URL; raise the limit named in the message if the coordinator is trusted.',
  ],
  'store-failed': [500, 'The state could not be stored or loaded, so nothing is sent that depends on it.', 'See the cause; free space or check permissions.'],
  'store-unreadable': [
    500,
    'What is stored of this participant cannot be read.',
    'Restore the browser profile, or call reset() of its indexedDbStore: it then begins anew under another identity.',
  ],
  'store-conflict': [
    409,
    'Another tab has stored a newer state of this participant.',
    'Close one of them; where the browser has no locks, only one tab may take part under a name.',
  ],
  'worker-lost': [
    500,
    'The worker that took part has ended.',
    'Nothing: another is started and goes on from what is stored. See the reason if it happens again.',
  ],
  'snapshot-format': [
    500,
    'The bytes are not a snapshot of a participant.',
    'Pass the bytes of snapshot(); for the state of an original participant use restoreReferenceState of @xaynet/participant/reference.',
  ],
  'snapshot-version': [500, 'The snapshot was made by a newer version.', 'Update this program, or start a fresh participant.'],
  'snapshot-corrupt': [500, 'The snapshot is damaged.', 'Use an earlier copy, or start a fresh participant with the same keys.'],
  'snapshot-keys': [500, 'The stored state belongs to other keys than the ones given.', 'Give the same keys, leave them out, or use another store.'],
  'reference-state-invalid': [
    500,
    'The bytes are not a saved state of an original participant.',
    'Pass the state as the original saved it, of version 0.11 after August 2022.',
  ],
  // coordinator: intake and rounds
  'message-unexpected': [
    409,
    'The current phase does not take this message.',
    'One that came too late is lost; the next round takes another. Send what the phase in the round parameters asks for.',
  ],
  'message-discarded': [409, 'The phase has all the messages it takes, or ended before this one was looked at.', 'Wait for the next round.'],
  'coordinator-key-mismatch': [409, 'The message names another coordinator key than that of the current round.', 'Fetch the round parameters again.'],
  'not-sum-eligible': [403, 'The sender is not selected as sum participant of this round.', 'Send sum messages only when the sum signature is eligible.'],
  'not-update-eligible': [
    403,
    'The sender is not selected as update participant of this round.',
    'Send update messages only when the sum signature verifies and is not eligible, and the update signature is.',
  ],
  'sum-already-exists': [409, 'This participant is in the sum dictionary already.', 'Nothing: the first message counts.'],
  'update-quarantined': [
    403,
    'A round that this participant was in was garbled by an update, and it sits this one out.',
    'Wait for the next round; see that model, mask and seeds of an update belong together. compat.no_quarantine switches it off.',
  ],
  'update-already-submitted': [409, 'This participant has an update in this round already.', 'Nothing: the first message counts.'],
  'seed-dict-mismatch': [422, 'The seeds are not sealed to exactly the participants of the sum dictionary.', 'Fetch the sum dictionary of this round.'],
  'mask-already-submitted': [409, 'This participant has submitted a mask in this round already.', 'Nothing: the first message counts.'],
  'mask-unknown-participant': [403, 'The sender of the mask is not in the sum dictionary.', 'Send a sum message first, in the sum phase.'],
  'mask-mismatch': [422, 'The mask has another configuration or length than the round.', 'Derive masks with the round parameters.'],
  'mask-invalid': [422, 'An element of the mask is not below the group order.', 'Derive masks with the round parameters.'],
  'rate-limited': [
    429,
    'The participant key, or the address it comes from, has had its share of this phase.',
    'Wait for the next round; behind a shared address, ask the operator for a larger limit.',
  ],
  'queue-full': [503, 'Too many messages wait for the round to take them.', 'Send the same bytes again a little later.'],
  'shutting-down': [503, 'The coordinator is stopping.', 'Send again when it is back.'],
  'round-resuming': [503, 'The coordinator was started again and is reading back the round it goes on with.', 'Send the same bytes again a little later.'],
  'internal-error': [500, 'The coordinator met an error of its own.', 'Read its log; please report it.'],
  'phase-timeout': [503, 'Too few messages arrived in time, so the round failed.', 'Raise time.max, lower count.min, or raise the probability.'],
  'sum-dict-empty': [500, 'The sum dictionary is missing from the store, so the round failed.', 'Check that nothing else writes to the store.'],
  'seed-dict-empty': [500, 'The seed dictionary is missing from the store, so the round failed.', 'Check that nothing else writes to the store.'],
  'seed-dict-damaged': [
    500,
    'Stored keys or seeds are not what was written, or seeds of an update in the aggregate are missing, so the round failed.',
    'Check the disk, and that nothing else writes to the store.',
  ],
  'mask-none': [500, 'No mask was submitted, so the round failed.', 'Raise the times of sum2.'],
  'mask-ambiguous': [
    500,
    'Two masks share the first place, so the round failed.',
    'Raise sum.count.min; an odd number of honest sum participants breaks ties.',
  ],
  'mask-no-majority': [500, 'No mask has more than half of the sum participants behind it, so the round failed.', 'Raise the times of sum2, or sum.count.min.'],
  'model-out-of-range': [
    500,
    'Unmasking gave values outside the bound of the configuration, so the round failed and the previous model stays.',
    'A mask or seed was forged or inconsistent, or the bound is too small for the weights.',
  ],
  // coordinator: stores
  'storage-failed': [503, 'The store could not read or write.', 'Check disk space, permissions and the log of the coordinator.'],
  'storage-unwritable': [500, 'The data folder cannot be created or written.', 'Check store.path and its owner and permissions.'],
  'storage-foreign': [500, 'What is in the place of the store was not written by this program.', 'Choose another store.path or redis.prefix.'],
  'storage-version': [500, 'The store was written by another version of this program.', 'Use that version, or choose another store.path or redis.prefix.'],
  'storage-incomplete': [
    500,
    'The database is missing from the data folder, or empty, while other files of it are there: models, records and the round would be lost.',
    'Restore a backup; to begin anew, move the folder away, or set restore.enable = false once.',
  ],
  'storage-damaged': [
    500,
    'The database is damaged, or has lost what other files of the data folder show was in it.',
    'Check the disk and restore a backup. If only the last updates are lost, removing the files in contributions gives up the round and keeps the rest.',
  ],
  'storage-locked': [500, 'Another coordinator uses the store.', 'Stop it, or give each coordinator a store.path or redis.prefix of its own.'],
  'storage-fenced': [
    503,
    'Another process leads the round now.',
    'Nothing: this one goes on beside it. When it happens often, look for pauses of the process or the network.',
  ],
  'storage-lost': [
    500,
    'The server of the store has lost what it had acknowledged, so the round cannot be finished.',
    'The next round begins by itself. Set appendonly yes (and appendfsync always) in Redis, and let nobody else flush its database.',
  ],
  'storage-unfit': [
    500,
    'The server of the store is not fit for rounds.',
    'Redis 7 or newer is needed, with maxmemory-policy noeviction, and a master that takes writes.',
  ],
  'storage-library-missing': [500, 'The client library for the store is not installed.', 'Install the package that the message names, where this one is.'],
  'storage-unreachable': [
    500,
    'The server of the store cannot be reached.',
    'Check redis.url or s3.region, and that the server runs and lets this machine in.',
  ],
  'storage-refused': [
    500,
    'The server of the store does not let this user in, or not do what is needed.',
    'Check the user, the password and the number of the database in redis.url, and the ACL; for S3 s3.access_key, s3.secret_access_key, and that they may list, read, write and delete in the bucket.',
  ],
  'storage-bucket': [500, 'The bucket cannot be used.', 'Check s3.buckets: the name may belong to somebody else, or the bucket may have been deleted.'],
  'storage-region': [
    500,
    'The bucket is in another region, or the server is another one.',
    'Check s3.region: the code of the region, or a name and the URL of the server.',
  ],
  'storage-clock': [503, 'The object storage refuses the time of this machine.', 'Set the clock: some minutes are too much.'],
  'storage-timeout': [503, 'The store did not answer in time.', 'Check the disk or the server, or raise store.timeout; what was asked for may still happen.'],
  'storage-key-missing': [
    500,
    'The key that wraps the secrets of the store is not there.',
    'Restore the key file, or give the key with store.key_file or XAYNET__STORE__KEY.',
  ],
  'storage-key-wrong': [
    500,
    'The key does not open the secrets of the store.',
    'Give the key that the store was made with; if redis.prefix is used by another installation, choose another.',
  ],
  'storage-key-exposed': [
    500,
    'Others may read or write the key file.',
    'Change its mode: chmod 600; if others may have read it, begin with a new data folder.',
  ],
  'contribution-damaged': [
    500,
    'A stored masked model, the sum of several, or a mask is missing or is not what was written.',
    'The round fails and the next one begins; check the disk, and that nobody changes the data folder.',
  ],
  'storage-settings-changed': [
    500,
    'The stored state has another mask configuration or model length than the settings.',
    'Restore the settings, choose another store.path or redis.prefix, or set restore.enable = false once (of several coordinators: with all others stopped), which forgets the stored round and model.',
  ],
  'storage-model-missing': [
    500,
    'A stored global model is not there, does not fit, or is not what was written.',
    'Restore a backup, choose another store.path, or set restore.enable = false once, which forgets the stored round and model.',
  ],
  // command
  'command-line': [400, 'The command line is wrong.', 'Run it with --help to see what is possible.'],
  'program-defect': [500, 'The program met an error that it does not know.', 'Run it again with XAYNET_DEBUG=1 and report what it prints.'],
  'file-exists': [409, 'A file of this name exists already.', 'Choose another name, or pass --force to replace it.'],
  'file-unreadable': [500, 'A file cannot be read.', 'Check the name and the permissions.'],
  'file-unwritable': [500, 'A file cannot be written.', 'Check that the folder exists, its permissions and the free space.'],
  'recording-invalid': [
    400,
    'The file is no recording of rounds, or a line of it cannot be used.',
    'Name a file or folder that a coordinator wrote with record.path.',
  ],
  'recording-version': [400, 'The recording has a form that is not read.', 'Replay it with the version of xaynet that its first line names.'],
  'record-unverified': [
    500,
    'The record of a round is not what the coordinator signed, or is not of this signer.',
    'Trust nothing that it says; compare with a record kept earlier.',
  ],
  'key-file-invalid': [500, 'The key file does not hold a usable signing key pair.', 'Make one with: xaynet keygen --out FILE'],
  'inspect-unknown': [
    422,
    'The bytes are nothing that is known.',
    'Name what they should be with --as, to see where they stop being it; --hex or --base64 when they are text of bytes.',
  ],
  'inspect-ambiguous': [422, 'The bytes could be several things.', 'Name which with --as.'],
  'train-failed': [500, 'The training command failed, so this round goes on without this participant.', 'See what it printed; the next round tries it again.'],
  'state-locked': [409, 'Another process takes part with this state.', 'Stop it, or give each participant a state of its own.'],
  'agent-unauthorized': [
    401,
    'The request does not carry the token of the agent.',
    'Send Authorization: Bearer with what is in the file token of its state folder.',
  ],
  'agent-forbidden': [
    403,
    'The agent does not answer a page of this origin, or a request to this host name.',
    'Ask from a program, or allow the origin with --allow-origin.',
  ],
  'agent-task-unknown': [404, 'There is no such task.', 'Ask /task which there is.'],
  'agent-media-unknown': [
    415,
    'The model came in a format that is not read, or in none that is named.',
    'Name the format: Content-Type, or ?format=, with one of those that /openapi.json lists.',
  ],
  'agent-socket-invalid': [500, 'The socket of the agent cannot be made.', 'Give --listen unix:PATH with a path of at most 100 bytes where no other file is.'],
  'model-file-invalid': [
    422,
    'The model file does not hold a list of finite weights.',
    'Write as many finite numbers as the round takes weights, in the format that was asked for.',
  ],
  'demo-weight-out-of-bound': [
    500,
    'A scaled weight lies outside of the bound of the masking configuration and would be clamped.',
    'Choose a wider bound with --mask, for example Power2/F32/B2/M6, or more --participants.',
  ],
  'demo-rounds-failed': [500, 'Too many rounds failed.', 'Use more --participants, or leave the machine more time.'],
} as const;

/** The code of an error of this project: a key of {@link ERRORS}. */
export type ErrorCode = keyof typeof ROWS;

/** The table of all errors: code → sentence, advice and HTTP status. */
export const ERRORS: Readonly<Record<ErrorCode, ErrorEntry>> = /* @__PURE__ */ tableOf(ROWS);

function tableOf(rows: Readonly<Record<ErrorCode, readonly [status: number, sentence: string, todo: string]>>): Readonly<Record<ErrorCode, ErrorEntry>> {
  const entries = Object.entries(rows).map(([code, [status, sentence, todo]]) => [code, { sentence, todo, status }]);
  return Object.fromEntries(entries) as Record<ErrorCode, ErrorEntry>;
}

/**
 * An error with a code of the table {@link ERRORS}; `message` is the table's sentence followed by what was found. Bundles for pages leave
 * out the sentences of errors that only a coordinator, the command or an adapter of models can meet, and with the
 * condition `no-sentences` all of them: there, the code stands in its place.
 * @example
 * ```ts
 * import { XaynetError } from '@xaynet/core/errors';
 * const error = new XaynetError('decode-truncated', 'header: 136 bytes expected, 7 given');
 * error.code; // 'decode-truncated'
 * ```
 */
export class XaynetError extends Error {
  override readonly name: string = 'XaynetError';
  /** Key of the error in {@link ERRORS}: switch on this, never on the message. */
  readonly code: ErrorCode;
  constructor(code: ErrorCode, found?: string, options?: { cause?: unknown }) {
    const sentence = sentenceOf(code);
    super(found === undefined ? sentence : `${sentence} (${found})`, options);
    this.code = code;
  }
}

/**
 * True for errors of this project, also when `code` is given for exactly that one.
 * @example
 * ```ts
 * import { fromHex } from '@xaynet/core/bytes';
 * import { isXaynetError } from '@xaynet/core/errors';
 * try {
 *   fromHex('no digits');
 * } catch (error) {
 *   if (!isXaynetError(error, 'decode-hex')) throw error;
 *   console.log(error.message);
 * }
 * ```
 */
export function isXaynetError(error: unknown, code?: ErrorCode): error is XaynetError {
  return error instanceof XaynetError && (code === undefined || error.code === code);
}
