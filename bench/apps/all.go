package apps

// All returns the applications in the order of the tables: the yardstick, ours,
// and then what a user might take instead.
func All() []App {
	return []App{
		{Name: "bare", CanSlide: true, Open: openBare},
		{Name: "redissessions", CanSlide: true, Open: openOurs(nil)},
		{Name: "redissessions redigo", CanSlide: true, Open: openOurs(map[string]any{"custom_connect": "redigo"})},
		{Name: "redissessions auto_pipeline=auto", CanSlide: true, Open: openOurs(map[string]any{"auto_pipeline": "auto"})},
		{Name: "redissessions auto_pipeline=on", CanSlide: true, Open: openOurs(map[string]any{"auto_pipeline": "on"})},
		{Name: "redissessions json", CanSlide: true, Open: openOurs(map[string]any{"encode": "json", "decode": "json"})},
		{Name: "scs goredisstore", CanSlide: true, Open: openSCSGoRedis},
		{Name: "scs redisstore", CanSlide: true, Open: openSCSRedigo},
		{Name: "gorilla boj/redistore", Open: openBoj},
		{Name: "gorilla rbcervilla/redisstore", Open: openRbcervilla},
		{Name: "gin-contrib/sessions", Open: openGin},
		{Name: "fiber", CanSlide: true, Open: openFiber},
	}
}
