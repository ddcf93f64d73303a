// bbolt-check FILE...            runs bbolt's own full check on each file and prints what it finds.
// bbolt-check make SEED FILE     makes a database by many random changes, and FILE.copy as a snapshot of it.
//
// One line "FILE: ok" or one per finding. Exit code 1 when any file has findings or cannot be opened.
package main

import (
	"fmt"
	"math/rand"
	"os"
	"strconv"
	"time"

	bolt "go.etcd.io/bbolt"
)

func check(path string) (findings []string) {
	defer func() {
		if problem := recover(); problem != nil {
			findings = append(findings, fmt.Sprintf("panic: %v", problem))
		}
	}()
	db, err := bolt.Open(path, 0600, &bolt.Options{ReadOnly: true, Timeout: time.Second})
	if err != nil {
		return []string{err.Error()}
	}
	defer db.Close()
	err = db.View(func(tx *bolt.Tx) error {
		for problem := range tx.Check() {
			findings = append(findings, problem.Error())
		}
		return nil
	})
	if err != nil {
		findings = append(findings, err.Error())
	}
	return findings
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

// One random change to the bucket or one of those within it.
func change(random *rand.Rand, bucket *bolt.Bucket, depth int) {
	key := []byte(fmt.Sprintf("key-%05d", random.Intn(3000)))
	nested := []byte(fmt.Sprintf("nested-%d", random.Intn(4)))
	switch n := random.Intn(100); {
	case n < 8 && depth < 3:
		inner, err := bucket.CreateBucketIfNotExists(nested)
		must(err)
		for i := random.Intn(60); i > 0; i-- {
			change(random, inner, depth+1)
		}
	case n == 8 && bucket.Bucket(nested) != nil:
		must(bucket.DeleteBucket(nested))
	case n < 45:
		must(bucket.Delete(key))
	case n < 48: // a whole range goes, and with it pages
		cursor := bucket.Cursor()
		for k, v := cursor.Seek(key); k != nil && random.Intn(200) > 0; k, v = cursor.Next() {
			if v != nil {
				must(cursor.Delete())
			}
		}
	case n < 50:
		must(bucket.Put(key, make([]byte, random.Intn(30000))))
	default:
		must(bucket.Put(key, make([]byte, random.Intn(120))))
	}
}

func makeDatabase(seed int64, path string) {
	random := rand.New(rand.NewSource(seed))
	db, err := bolt.Open(path, 0600, &bolt.Options{
		NoFreelistSync: random.Intn(2) == 0,
		NoSync:         true,
		PageSize:       1024 << random.Intn(4),
	})
	must(err)
	for tx := 5 + random.Intn(40); tx > 0; tx-- {
		must(db.Update(func(tx *bolt.Tx) error {
			bucket, err := tx.CreateBucketIfNotExists([]byte(fmt.Sprintf("bucket-%d", random.Intn(6))))
			must(err)
			bucket.FillPercent = 0.1 + 0.9*random.Float64()
			for i := random.Intn(400); i > 0; i-- {
				change(random, bucket, 0)
			}
			return nil
		}))
	}
	must(db.View(func(tx *bolt.Tx) error { return tx.CopyFile(path+".copy", 0600) }))
	must(db.Close())
}

func main() {
	if len(os.Args) == 4 && os.Args[1] == "make" {
		seed, err := strconv.ParseInt(os.Args[2], 10, 64)
		must(err)
		makeDatabase(seed, os.Args[3])
		return
	}
	code := 0
	for _, path := range os.Args[1:] {
		findings := check(path)
		if len(findings) == 0 {
			fmt.Printf("%s: ok\n", path)
			continue
		}
		code = 1
		for _, finding := range findings {
			fmt.Printf("%s: %s\n", path, finding)
		}
	}
	os.Exit(code)
}
