def upgrade():
    op.create_table('prices')
