// Check reads what takaza exports and checks it without any of takaza's code: signatures by
// golang.org/x/mod/sumdb/note, trees and proofs by golang.org/x/mod/sumdb/tlog.
//
//	check VKEY[,VKEY...] FILE...
//
// Of several keys the first is trusted; each later one must have signed a checkpoint of the first
// file together with the one before it.
//
// A file is an export (JSON lines), an inclusion proof, a consistency proof, a case file, or a file
// of checkpoints (signed notes, an empty line after each). docs/record.md and docs/case-file.md
// describe them all.
package main

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"
	"sort"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

func main() {
	if len(os.Args) < 3 {
		fail("usage: check VKEY FILE...")
	}
	var keys []note.Verifier
	for _, vkey := range strings.Split(os.Args[1], ",") {
		verifier, err := note.NewVerifier(vkey)
		must(err)
		keys = append(keys, verifier)
	}
	known := note.VerifierList(keys...)
	for n, path := range os.Args[2:] {
		data, err := os.ReadFile(path)
		must(err)
		if n == 0 {
			vouched(string(data), keys)
		}
		fmt.Printf("%s: %s\n", path, check(data, known))
	}
}

// vouched fails where a key after the first has no checkpoint that the one before it signed too.
func vouched(text string, keys []note.Verifier) {
	for i := 1; i < len(keys); i++ {
		old, new := note.VerifierList(keys[i-1]), note.VerifierList(keys[i])
		found := false
		for _, signed := range split(text) {
			_, byOld := note.Open([]byte(signed), old)
			_, byNew := note.Open([]byte(signed), new)
			found = found || byOld == nil && byNew == nil
		}
		if !found {
			fail(fmt.Sprintf("no checkpoint vouches for key %d", i+1))
		}
	}
}

func check(data []byte, known note.Verifiers) string {
	if !bytes.HasPrefix(data, []byte("{")) {
		return fmt.Sprintf("%d checkpoints", len(notes(string(data), known)))
	}
	var kind struct{ Type, Format string }
	line, _, _ := strings.Cut(string(data), "\n")
	if json.Unmarshal([]byte(line), &kind) == nil && kind.Type == "header" {
		return export(data, kind.Format, known)
	}
	must(json.Unmarshal(data, &kind))
	switch kind.Format {
	case "takaza-inclusion/1":
		return inclusion(data, known)
	case "takaza-consistency/1":
		return consistency(data, known)
	case "takaza-case-file/1":
		return caseFile(data, known)
	}
	fail("unknown format " + kind.Format)
	return ""
}

type checkpoint struct {
	origin string
	size   int64
	root   tlog.Hash
}

// open verifies a note and takes the three lines of its body apart by hand.
func open(text string, known note.Verifiers) checkpoint {
	opened, err := note.Open([]byte(text), known)
	must(err)
	lines := strings.Split(opened.Text, "\n")
	if len(lines) < 4 || lines[0] == "" {
		fail("a checkpoint's body has three lines")
	}
	root, err := tlog.ParseHash(lines[2])
	must(err)
	return checkpoint{lines[0], number(lines[1]), root}
}

func notes(text string, known note.Verifiers) []checkpoint {
	var found []checkpoint
	for _, signed := range split(text) {
		found = append(found, open(signed, known))
	}
	return found
}

// split takes a file of checkpoints apart.
func split(text string) []string {
	var found []string
	body := ""
	for _, block := range strings.Split(text, "\n\n") {
		switch {
		case strings.HasSuffix(block, " (cut short)"):
			body = ""
		case !strings.HasPrefix(block, "— "):
			body = block
		case body != "":
			found = append(found, body+"\n\n"+block+"\n")
			body = ""
		}
	}
	return found
}

func inclusion(data []byte, known note.Verifiers) string {
	var proof struct {
		Entry      string
		Leaf_index string
		Tree_size  string
		Root       string
		Hashes     []string
		Checkpoint string
	}
	must(json.Unmarshal(data, &proof))
	signed := open(proof.Checkpoint, known)
	size, index := number(proof.Tree_size), number(proof.Leaf_index)
	root, err := tlog.ParseHash(proof.Root)
	must(err)
	if signed.size != size || signed.root != root {
		fail("the checkpoint signs another tree")
	}
	leaf := tlog.RecordHash([]byte(proof.Entry))
	must(tlog.CheckRecord(hashes(proof.Hashes), size, root, index, leaf))
	return fmt.Sprintf("leaf %d of %d", index, size)
}

func consistency(data []byte, known note.Verifiers) string {
	var proof struct {
		Old_size, Old_root, New_size, New_root string
		Hashes, Checkpoints                    []string
	}
	must(json.Unmarshal(data, &proof))
	oldRoot, err := tlog.ParseHash(proof.Old_root)
	must(err)
	newRoot, err := tlog.ParseHash(proof.New_root)
	must(err)
	oldSize, newSize := number(proof.Old_size), number(proof.New_size)
	must(tlog.CheckTree(hashes(proof.Hashes), newSize, newRoot, oldSize, oldRoot))
	for _, text := range proof.Checkpoints {
		signed := open(text, known)
		if !(signed.size == oldSize && signed.root == oldRoot) &&
			!(signed.size == newSize && signed.root == newRoot) {
			fail("a checkpoint signs another tree")
		}
	}
	return fmt.Sprintf("%d extends %d", newSize, oldSize)
}

// export rebuilds the tree from the entries' texts, and holds every checkpoint against it.
func export(data []byte, format string, known note.Verifiers) string {
	if format != "takaza-export/1" {
		fail("unknown format " + format)
	}
	var stored []tlog.Hash
	reader := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		found := make([]tlog.Hash, len(indexes))
		for i, index := range indexes {
			found[i] = stored[index]
		}
		return found, nil
	})
	var size int64
	var checkpoints []checkpoint
	bodies := map[string]string{}
	posts := 0
	lines := bufio.NewScanner(bytes.NewReader(data))
	lines.Buffer(nil, 1<<26)
	for lines.Scan() {
		var line struct {
			Type, Body, Note, State, Content_hash string
			Leaf                                  *string
			Acts                                  []struct{ Entry, Act, Authority, Content, Clearance string }
			Authority                             []struct{ Entry, Hash string }
		}
		must(json.Unmarshal(lines.Bytes(), &line))
		switch line.Type {
		case "entry":
			var entry struct{ ID string }
			must(json.Unmarshal([]byte(line.Body), &entry))
			bodies[entry.ID] = line.Body
			if line.Leaf == nil {
				continue
			}
			if number(*line.Leaf) != size {
				fail("leaf " + *line.Leaf + " is out of order")
			}
			grown, err := tlog.StoredHashes(size, []byte(line.Body), reader)
			must(err)
			stored = append(stored, grown...)
			size++
		case "checkpoint":
			checkpoints = append(checkpoints, open(line.Note, known))
		case "post":
			posts++
			if line.State != "delivered" {
				continue
			}
			// Every delivered post was claimed on an authority, for these bytes.
			authorised := false
			for _, act := range line.Acts {
				if bodies[act.Entry] == "" {
					fail("a post names an entry that is not there")
				}
				for _, given := range line.Authority {
					authorised = authorised || act.Act == "delivery.claimed" && act.Authority != "" &&
						act.Content == line.Content_hash && act.Clearance == given.Hash
				}
			}
			if !authorised {
				fail("a post without authority")
			}
		}
	}
	must(lines.Err())
	for i, signed := range checkpoints {
		root, err := tlog.TreeHash(signed.size, reader)
		must(err)
		if root != signed.root {
			fail(fmt.Sprintf("the checkpoint over %d entries signs another tree", signed.size))
		}
		if i > 0 {
			before := checkpoints[i-1]
			proof, err := tlog.ProveTree(signed.size, before.size, reader)
			must(err)
			must(tlog.CheckTree(proof, signed.size, signed.root, before.size, before.root))
		}
	}
	return fmt.Sprintf("%d leaves, %d checkpoints, %d posts", size, len(checkpoints), posts)
}

// caseFile holds every entry against the signed tree, every row against the newest entry about it,
// every page of a poll against its entry, and every sighting against those pages.
func caseFile(data []byte, keys note.Verifiers) string {
	var file struct {
		Case_ref string
		Evidence struct {
			Tree_size, Root, Checkpoint string
			Entries                     []struct {
				Leaf_index, Entry string
				Hashes            []string
			}
			Rows []struct {
				Table, Key string
				Fields     map[string]string
			}
			Sightings []struct{ Salt, Text string }
			Polls     []struct {
				Leaf_index  string
				Commitments []string
			}
		}
	}
	must(json.Unmarshal(data, &file))
	evidence := file.Evidence
	signed := open(evidence.Checkpoint, keys)
	root, err := tlog.ParseHash(evidence.Root)
	must(err)
	if signed.size != number(evidence.Tree_size) || signed.root != root {
		fail("the checkpoint signs another tree")
	}
	type place struct{ table, key string }
	type left struct {
		at, seq       int64
		subject, hash string
	}
	known := map[place][]left{}
	committed := map[string]bool{}
	pages := map[string][]string{}
	for _, page := range evidence.Polls {
		pages[page.Leaf_index] = page.Commitments
	}
	last, count := map[string]int64{}, map[string]int64{}
	for _, one := range evidence.Entries {
		leaf := tlog.RecordHash([]byte(one.Entry))
		must(tlog.CheckRecord(hashes(one.Hashes), signed.size, root, number(one.Leaf_index), leaf))
		var entry struct {
			Act, Subject, Seq, At string
			Body                  struct{ Digest string }
			Rows                  []struct{ Table, Key, Hash string }
		}
		must(json.Unmarshal([]byte(one.Entry), &entry))
		seq := number(entry.Seq)
		if entry.Act == "source.polled" {
			page := pages[one.Leaf_index]
			if digest(list(page)) != entry.Body.Digest {
				fail("leaf " + one.Leaf_index + " committed to another page")
			}
			for _, commitment := range page {
				committed[commitment] = true
			}
			// Of these the file holds only those that saw the case.
			continue
		}
		count[entry.Subject]++
		if last[entry.Subject] < seq {
			last[entry.Subject] = seq
		}
		for _, row := range entry.Rows {
			at := place{row.Table, row.Key}
			known[at] = append(known[at], left{number(entry.At), seq, entry.Subject, row.Hash})
		}
	}
	for subject, seq := range last {
		if count[subject] != seq {
			fail("entries of " + subject + " are missing")
		}
	}
	for _, row := range evidence.Rows {
		good, hash := false, digest(object(row.Fields))
		for _, one := range known[place{row.Table, row.Key}] {
			last := true
			for _, other := range known[place{row.Table, row.Key}] {
				later := other.subject == one.subject && other.seq > one.seq
				last = last && other.at <= one.at && !(other.at == one.at && later)
			}
			good = good || last && one.hash == hash
		}
		if !good {
			fail("row " + row.Key + " of " + row.Table + " is not as the record left it")
		}
	}
	for _, sighting := range evidence.Sightings {
		if !committed[digest("["+quote(sighting.Salt)+","+quote(sighting.Text)+"]")] {
			fail("no poll committed to a sighting that is shown")
		}
		var seen struct{ Case_ref string }
		must(json.Unmarshal([]byte(sighting.Text), &seen))
		if seen.Case_ref != file.Case_ref {
			fail("a sighting is of another case")
		}
	}
	return fmt.Sprintf("%d entries of %d, %d rows, %d sightings", len(evidence.Entries), signed.size,
		len(evidence.Rows), len(evidence.Sightings))
}

func digest(canonical string) string {
	return fmt.Sprintf("%x", sha256.Sum256([]byte(canonical)))
}

// object writes the canonical JSON (RFC 8785) of an object of texts with ASCII names.
func object(fields map[string]string) string {
	var names []string
	for name := range fields {
		names = append(names, name)
	}
	sort.Strings(names)
	var parts []string
	for _, name := range names {
		parts = append(parts, quote(name)+":"+quote(fields[name]))
	}
	return "{" + strings.Join(parts, ",") + "}"
}

// list writes the canonical JSON of an array of texts.
func list(texts []string) string {
	var parts []string
	for _, text := range texts {
		parts = append(parts, quote(text))
	}
	return "[" + strings.Join(parts, ",") + "]"
}

// quote writes a text as RFC 8785 does, which escapes less than encoding/json.
func quote(text string) string {
	short := map[rune]string{'"': `\"`, '\\': `\\`, '\b': `\b`, '\f': `\f`, '\n': `\n`, '\r': `\r`, '\t': `\t`}
	var out strings.Builder
	out.WriteByte('"')
	for _, c := range text {
		switch escaped, ok := short[c]; {
		case ok:
			out.WriteString(escaped)
		case c < 0x20:
			fmt.Fprintf(&out, `\u%04x`, c)
		default:
			out.WriteRune(c)
		}
	}
	out.WriteByte('"')
	return out.String()
}

func hashes(texts []string) []tlog.Hash {
	found := make([]tlog.Hash, len(texts))
	for i, text := range texts {
		hash, err := tlog.ParseHash(text)
		must(err)
		found[i] = hash
	}
	return found
}

func number(text string) int64 {
	n, err := strconv.ParseInt(text, 10, 64)
	must(err)
	return n
}

func must(err error) {
	if err != nil {
		fail(err.Error())
	}
}

func fail(why string) {
	fmt.Fprintln(os.Stderr, "check: "+why)
	os.Exit(1)
}
